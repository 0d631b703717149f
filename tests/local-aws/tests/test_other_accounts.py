"""What somebody of another account may do with a bucket, and what a key opens after it was rotated."""

import json

import botocore.exceptions
import pytest

OTHER = "222233334444"


@pytest.fixture
def shared(aws, unique):
    """A bucket of another account, and a role of this one."""
    role = aws.client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    session = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
    owner = aws.client("s3", account=OTHER)
    owner.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return role, aws.client("s3", credentials={name: session[key] for name, key in names.items()}), owner


def allow(aws, owner, bucket: str, **condition) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": condition,
    }
    owner.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def is_refused(call, **parameters) -> bool:
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return True
    return False


def test_the_policy_of_a_bucket_tells_roles_of_another_account_apart(aws, shared, unique):
    role, s3, owner = shared
    put = {"Bucket": unique, "Key": "a", "Body": b"x"}
    assert is_refused(s3.put_object, **put)
    allow(aws, owner, unique, ArnEquals={"aws:PrincipalArn": role})
    assert not is_refused(s3.put_object, **put)
    assert is_refused(s3.get_object, Bucket=unique, Key="a")
    assert is_refused(aws.client("s3").put_object, **put)


@pytest.mark.parametrize(
    ("condition", "fitting", "other"),
    [
        ({"Null": {"s3:if-none-match": "false"}}, {"IfNoneMatch": "*"}, {}),
        ({"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "k"}}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"}, {}),
        ({"StringNotEquals": {"s3:x-amz-acl": "public-read"}}, {}, {"ACL": "public-read"}),
        ({"Bool": {"aws:SecureTransport": "true"}, "NumericGreaterThan": {"s3:TlsVersion": "1.2"}}, {}, None),
    ],
)
def test_the_conditions_of_a_policy_count(aws, shared, unique, condition, fitting, other):
    _role, s3, owner = shared
    allow(aws, owner, unique, **condition)
    put = {"Bucket": unique, "Key": "a", "Body": b"x"}
    assert not is_refused(s3.put_object, **put, **fitting)
    if other is not None:
        assert is_refused(s3.put_object, **put, **other)


def test_a_rotated_key_opens_what_it_locked_before(aws):
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    before = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"})
    kms.rotate_key_on_demand(KeyId=key)
    after = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=before["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"] == before["Plaintext"]
    assert kms.decrypt(CiphertextBlob=after)["Plaintext"] == b"x"
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1


def test_a_key_that_signs_does_not_rotate(aws):
    kms = aws.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with pytest.raises(kms.exceptions.UnsupportedOperationException):
        kms.rotate_key_on_demand(KeyId=key)
