"""The vault of the evidence account, as CloudFormation made it: who may do what, what nobody may, and what its lock holds.

The policy is asked twice: by an evaluator of IAM policies for everybody, and on the local AWS, which enforces it for callers of other
accounts, through S3 itself. What the account's own people may do is only evaluated: there, the local AWS enforces no policy.
"""

import json
import pathlib
import secrets

import botocore.exceptions
import pytest
from demo import stack
from vault_requests import ADMINISTRATOR, CUSTODIAN, EVIDENCE, INCIDENT, ROOT, STRANGER, Vault, function

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
# An account whose vault is locked as on a day when it matters, since nothing in it can be deleted.
STRICT = "999988886666"
FILE = f"{INCIDENT}/evidence/bucket/shop-0011aabb/policy-0001.xml"
LOCK_BUCKET = f"arn:aws:iam::{EVIDENCE}:role/Tocsin-LockBucket"
OBJECT = f"{INCIDENT}/evidence/objects/order-1/1"
ORDER = f"{INCIDENT}/copies/order-1.jsonl"
NOTICE = f"{INCIDENT}/notices/de-dsgvo-33/v1.txt"


@pytest.fixture(scope="module")
def kept(aws, tocsin):
    """The outputs of the evidence stack that Tocsin works with."""
    found = aws.client("cloudformation", account=EVIDENCE).describe_stacks(StackName="tocsin-evidence")["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


@pytest.fixture(scope="module")
def vault(aws, kept):
    policy = aws.client("s3", account=EVIDENCE).get_bucket_policy(Bucket=kept["VaultBucket"])["Policy"]
    return Vault(kept["VaultBucket"], kept["VaultKeyArn"], policy)


@pytest.fixture(scope="module")
def strict(aws):
    parameters = {"SecurityAccountId": aws.account, "ZoneRegions": "eu-central-1,eu-west-1"}
    return aws.deploy("tocsin-evidence", INFRA / "evidence.yaml", parameters, account=STRICT)


# What each function needs of the vault: (function, action, path).
NEEDS = [
    ("preserve-evidence", "PutObject", FILE),
    ("preserve-evidence", "PutObject", ORDER),
    ("preserve-evidence", "GetObject", FILE),
    ("copy-objects", "GetObject", ORDER),
    ("copy-objects", "PutObject", OBJECT),
    ("copy-objects", "PutObjectLegalHold", OBJECT),
    ("copy-objects", "AbortMultipartUpload", OBJECT),
    ("copy-objects", "ListMultipartUploadParts", OBJECT),
    ("seal-custody", "PutObject", f"{INCIDENT}/manifest.json"),
    ("seal-custody", "PutObject", f"{INCIDENT}/custody.jsonl"),
    ("seal-custody", "PutObject", f"{INCIDENT}/seal.json"),
    ("seal-custody", "PutObject", f"{INCIDENT}/seal.json.sig"),
    ("draft-notice", "PutObject", NOTICE),
    ("draft-notice", "GetObject", NOTICE),
    ("close-incident", "PutObject", f"{INCIDENT}/report.html"),
    ("close-incident", "PutObject", f"{INCIDENT}/register-entry.json"),
    ("release-evidence", "GetObject", FILE),
    ("release-evidence", "GetObjectVersion", OBJECT),
    ("release-evidence", "PutObjectLegalHold", OBJECT),
    ("release-evidence", "PutObjectRetention", OBJECT),
]


@pytest.mark.parametrize(("name", "action", "path"), NEEDS)
def test_a_custodian_may_do_its_work_by_tls_alone(vault, name, action, path):
    ask = vault.put if action == "PutObject" else lambda who, where, **keys: vault.decision(who, action, where, **keys)
    assert ask(function(name), path) == "Allow"
    assert ask(function(name), path, aws__SecureTransport="false") == "Deny"
    assert ask(function(name), path, s3__TlsVersion="1.1") == "Deny"
    for other in (function("plan-containment"), function("send-notice"), ADMINISTRATOR, ROOT, STRANGER):
        assert ask(other, path) == "Deny", other


def test_no_custodian_may_do_the_work_of_another(vault):
    # Copies of objects lie below the evidence that it preserves.
    allowed = {(name, path) for name, action, path in NEEDS if action == "PutObject"} | {("preserve-evidence", OBJECT)}
    for name in {name for name, _, _ in NEEDS}:
        for path in {path for _, path in allowed} | {"settings/scope.json", f"{INCIDENT}/other.json"}:
            assert (vault.put(function(name), path) == "Allow") == ((name, path) in allowed), (name, path)


def test_listing_is_for_those_who_seal_and_release_evidence_and_of_orders(vault):
    listed = {name for name, _, _ in NEEDS if vault.allows(function(name), "ListBucket", s3__prefix="incidents/inc-1/")}
    assert listed == {"release-evidence", "seal-custody"}
    # The machine that has copies made lists its orders, and nothing else.
    assert vault.allows(function("object-copies"), "ListBucket", s3__prefix="incidents/inc-1/copies/")
    assert not vault.allows(function("object-copies"), "ListBucket", s3__prefix="incidents/inc-1/")
    assert not vault.allows(function("release-evidence"), "ListBucket", s3__prefix="")


def test_people_read_by_their_own_role_and_write_nothing(vault):
    """The role's own policy allows what this one does not refuse; the administration of the account has no part in it."""
    for action, path in (("GetObject", FILE), ("GetObjectVersion", OBJECT), ("ListBucket", "")):
        assert vault.decision(CUSTODIAN, action, path) == "ImplicitDeny"
        assert {vault.decision(who, action, path) for who in (ADMINISTRATOR, ROOT, STRANGER)} == {"Deny"}


EVERYBODY = [ROOT, ADMINISTRATOR, CUSTODIAN, STRANGER, *(function(name) for name in sorted({name for name, _, _ in NEEDS}))]
NEVER = {
    "DeleteObject": FILE,
    "DeleteObjectVersion": FILE,
    "BypassGovernanceRetention": FILE,
    "PutObjectAcl": FILE,
    "PutObjectVersionAcl": FILE,
    "DeleteBucket": "",
    "PutBucketAcl": "",
    "PutBucketOwnershipControls": "",
    "PutBucketPublicAccessBlock": "",
    "PutBucketObjectLockConfiguration": "",
    "PutBucketVersioning": "",
    "PutEncryptionConfiguration": "",
    "PutLifecycleConfiguration": "",
    "PutBucketLogging": "",
    "PutReplicationConfiguration": "",
    "PutInventoryConfiguration": "",
}


@pytest.mark.parametrize("action", NEVER)
def test_nobody_deletes_opens_weakens_or_sends_out_of_the_zone(vault, action):
    assert {who: vault.decision(who, action, NEVER[action]) for who in EVERYBODY} == dict.fromkeys(EVERYBODY, "Deny")


def test_nobody_is_locked_out_of_the_policy(vault):
    for action in ("PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicy", "GetBucketObjectLockConfiguration", "GetReplicationConfiguration"):
        # Not refused: the policies of the account decide. Another account would have to be allowed here, and is not.
        assert {vault.decision(who, action) for who in (ROOT, ADMINISTRATOR, STRANGER)} == {"ImplicitDeny"}, action


def test_no_finding_makes_tocsin_lock_its_own_vault(vault):
    """Only evaluated: the local AWS would let it, and then no evidence could be put."""
    for action in ("PutBucketPolicy", "DeleteBucketPolicy"):
        assert vault.decision(LOCK_BUCKET, action) == "Deny"


ENCRYPTION = "s3__x_amz_server_side_encryption"
KEY = f"{ENCRYPTION}_aws_kms_key_id"


def test_what_is_put_is_encrypted_under_the_vaults_key(vault):
    put = lambda **keys: vault.put(function("preserve-evidence"), FILE, **keys)  # noqa: E731
    assert put() == "Allow"  # the bucket's own
    assert put(**{ENCRYPTION: "aws:kms", KEY: vault.key}) == "Allow"
    assert put(**{ENCRYPTION: "AES256"}) == "Deny"
    assert put(**{ENCRYPTION: "aws:kms"}) == "Deny"  # that of AWS
    assert put(**{ENCRYPTION: "aws:kms", KEY: "arn:aws:kms:eu-central-1:123456789012:key/11112222-aaaa-bbbb-cccc-333344445555"}) == "Deny"
    assert put(**{f"{ENCRYPTION}_customer_algorithm": "AES256"}) == "Deny"


def test_evidence_is_put_once_and_never_open(vault):
    asked = lambda **keys: vault.decision(function("copy-objects"), "PutObject", OBJECT, **keys)  # noqa: E731
    assert asked(s3__ObjectCreationOperation="true", s3__if_none_match="*") == "Allow"
    assert asked(s3__ObjectCreationOperation="true") == "Deny"
    assert asked(s3__ObjectCreationOperation="false") == "Allow"  # a part of an upload
    assert asked(s3__ObjectCreationOperation="true", s3__if_none_match="*", s3__x_amz_acl="public-read") == "Deny"
    # A manifest grows: each version is kept.
    assert vault.decision(function("seal-custody"), "PutObject", f"{INCIDENT}/manifest.json", s3__ObjectCreationOperation="true") == "Allow"


def test_each_statement_is_needed(vault):
    """Without any one of the refusals, one of the checks above would find it."""
    policy = json.loads(vault.policy)
    refusals = [statement for statement in policy["Statement"] if statement["Effect"] == "Deny"]
    broken = {
        "TlsOnly": lambda v: v.put(function("preserve-evidence"), FILE, aws__SecureTransport="false"),
        "NoOldTls": lambda v: v.put(function("preserve-evidence"), FILE, s3__TlsVersion="1.1"),
        "CustodiansAlone": lambda v: v.decision(ROOT, "GetObject", FILE),
        "NoContainmentOfTheVault": lambda v: v.decision(LOCK_BUCKET, "PutBucketPolicy"),
        "NobodyDeletes": lambda v: v.decision(CUSTODIAN, "DeleteObjectVersion", FILE),
        "NobodyWeakens": lambda v: v.decision(CUSTODIAN, "PutBucketObjectLockConfiguration"),
        "NobodyOpens": lambda v: v.decision(CUSTODIAN, "PutObjectAcl", FILE),
        "NoGrants": lambda v: v.put(function("preserve-evidence"), FILE, s3__x_amz_acl="public-read"),
        "NoOtherEncryption": lambda v: v.put(function("preserve-evidence"), FILE, **{ENCRYPTION: "AES256", KEY: vault.key}),
        "NoUnnamedKey": lambda v: v.put(function("preserve-evidence"), FILE, **{ENCRYPTION: "aws:kms"}),
        "NoOtherKey": lambda v: v.put(function("preserve-evidence"), FILE, **{ENCRYPTION: "aws:kms", KEY: "arn:aws:kms:eu-central-1:1:key/2"}),
        "NoKeyOfTheCaller": lambda v: v.put(function("preserve-evidence"), FILE, **{f"{ENCRYPTION}_customer_algorithm": "AES256"}),
        "NoSecondVersion": lambda v: v.decision(function("copy-objects"), "PutObject", OBJECT, s3__ObjectCreationOperation="true"),
    }
    assert set(broken) == {statement["Sid"] for statement in refusals}
    for statement in refusals:
        without = {**policy, "Statement": [other for other in policy["Statement"] if other != statement]}
        ask = broken[statement["Sid"]]
        assert ask(vault) == "Deny"
        assert ask(Vault(vault.name, vault.key, json.dumps(without))) != "Deny", statement["Sid"]


# --- through S3 on the local AWS


def refused(call, **parameters) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def as_function(aws, name: str):
    """S3 with the role of a function of the security account."""
    role = f"arn:aws:iam::{aws.account}:role/tocsin-{name}"
    session = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
    return aws.client("s3", credentials={name: session[key] for name, key in names.items()})


@pytest.fixture
def path():
    return f"incidents/inc-{secrets.token_hex(10)}/notices/de/v1.txt"


def test_s3_lets_a_custodian_put_evidence_once_and_nobody_take_it_away(aws, tocsin, vault, path):
    s3, place = as_function(aws, "draft-notice"), {"Bucket": vault.name, "Key": path}
    version = s3.put_object(**place, Body=b"text", IfNoneMatch="*")["VersionId"]
    assert s3.get_object(**place)["Body"].read() == b"text"
    assert refused(s3.put_object, **place, Body=b"other", IfNoneMatch="*") == "PreconditionFailed"
    assert refused(s3.put_object, **place, Body=b"other") == "AccessDenied"
    assert refused(s3.put_object, **place, Body=b"x", IfNoneMatch="*", ServerSideEncryption="AES256") == "AccessDenied"
    assert refused(s3.put_object, **place, Body=b"x", IfNoneMatch="*", ACL="public-read") == "AccessDenied"
    assert refused(s3.put_object_acl, **place, ACL="public-read") == "AccessDenied"
    assert refused(s3.delete_object, **place) == "AccessDenied"
    assert refused(s3.delete_object, **place, VersionId=version, BypassGovernanceRetention=True) == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=vault.name) == "AccessDenied"
    other = path.replace("/notices/", "/evidence/")
    assert refused(s3.put_object, Bucket=vault.name, Key=other, Body=b"x", IfNoneMatch="*") == "AccessDenied"
    for stranger in (as_function(aws, "plan-containment"), aws.client("s3"), aws.client("s3", account="123456789012")):
        assert refused(stranger.get_object, **place) == "AccessDenied"


def test_the_lock_of_an_incidents_evidence_cannot_be_shortened(aws, strict, path):
    s3, place = aws.client("s3", account=STRICT), {"Bucket": strict["VaultBucket"], "Key": path}
    rule = s3.get_object_lock_configuration(Bucket=strict["VaultBucket"])["ObjectLockConfiguration"]["Rule"]
    assert rule["DefaultRetention"] == {"Mode": "COMPLIANCE", "Years": 7}
    put = s3.put_object(**place, Body=b"text")
    version = {**place, "VersionId": put["VersionId"]}
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", strict["VaultKeyArn"])
    held = s3.get_object_retention(**version)["Retention"]
    head = s3.head_object(**version)
    assert (held["Mode"], head["ObjectLockMode"]) == ("COMPLIANCE", "COMPLIANCE")
    assert 6.9 * 365 < (held["RetainUntilDate"] - head["LastModified"]).days < 7.1 * 365
    assert refused(s3.delete_object, **version) == "AccessDenied"
    assert refused(s3.delete_object, **version, BypassGovernanceRetention=True) == "AccessDenied"
    for mode in ("COMPLIANCE", "GOVERNANCE"):
        sooner = {"Mode": mode, "RetainUntilDate": "2027-01-01T00:00:00Z"}
        assert refused(s3.put_object_retention, **version, Retention=sooner, BypassGovernanceRetention=True) == "AccessDenied"
    assert s3.get_object_retention(**version)["Retention"] == held
    assert s3.get_object(**version)["Body"].read() == b"text"


def test_a_zones_vault_is_made_in_the_zone_alone(aws):
    parameters = {"SecurityAccountId": aws.account, "ZoneRegions": "eu-central-1,eu-west-1"}
    with pytest.raises(botocore.exceptions.ClientError, match="none of ZoneRegions"):
        aws.deploy("tocsin-evidence", INFRA / "evidence.yaml", parameters, account=EVIDENCE, region="us-west-2")


def test_logs_are_searched_by_one_function_and_people_need_a_second_factor(aws, kept):
    """The local AWS knows no second factor, so nobody has one."""
    assume = lambda role, **by: aws.client("sts", **by).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]  # noqa: E731
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
    for name, is_trusted in (("preserve-evidence", True), ("draft-notice", False)):
        session = assume(f"arn:aws:iam::{aws.account}:role/tocsin-{name}")
        by = {"credentials": {name: session[key] for name, key in names.items()}}
        if is_trusted:
            assert assume(kept["LogReaderRoleArn"], **by)["AccessKeyId"]
        else:
            assert refused(assume, role=kept["LogReaderRoleArn"], **by) == "AccessDenied"
    assert refused(assume, role=kept["CustodianRoleArn"], account=EVIDENCE) == "AccessDenied"


def test_what_an_exercise_makes_is_locked_for_days(aws, tocsin, vault):
    rule = aws.client("s3", account=EVIDENCE).get_object_lock_configuration(Bucket=vault.name)["ObjectLockConfiguration"]["Rule"]
    assert rule["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 1}


def test_old_material_opens_old_evidence(aws, strict):
    """On the local AWS, rotation on demand is ours (`key_rotation.py`), and objects are not encrypted at rest: this is about KMS alone."""
    kms, key = aws.client("kms", account=STRICT), strict["VaultKeyArn"]
    before = kms.encrypt(KeyId=key, Plaintext=b"a data key")["CiphertextBlob"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    kms.rotate_key_on_demand(KeyId=key)
    after = kms.encrypt(KeyId=key, Plaintext=b"a data key")["CiphertextBlob"]
    assert [rotation["RotationType"] for rotation in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["ON_DEMAND"]
    assert {kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in (before, after)} == {b"a data key"}


def test_seals_are_signed_by_one_function_with_a_key_that_anyone_can_check(aws, kept):
    kms = aws.client("kms", account=EVIDENCE)
    about = kms.describe_key(KeyId=kept["SigningKeyArn"])["KeyMetadata"]
    assert (about["KeySpec"], about["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    policy = json.loads(kms.get_key_policy(KeyId=kept["SigningKeyArn"], PolicyName="default")["Policy"])
    (signs,) = [statement for statement in policy["Statement"] if "kms:Sign" in str(statement["Action"])]
    assert signs["Condition"]["ArnEquals"]["aws:PrincipalArn"] == function("seal-custody")


def test_no_key_is_used_by_who_is_not_named(aws, kept):
    """The administration of the account rules the keys and opens nothing with them."""
    kms = aws.client("kms", account=EVIDENCE)
    uses = {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:Sign", "kms:CreateGrant", "kms:*"}
    for key in (kept["VaultKeyArn"], kept["SigningKeyArn"]):
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        for statement in policy["Statement"]:
            actions = {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
            if actions & uses:
                assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"], statement["Sid"]


def test_what_endangers_evidence_reaches_a_person(aws, strict):
    """A queue stands for the operator. Events of CloudTrail are made by hand: the local AWS has no trail that EventBridge
    listens to. In this account Tocsin contains nothing; in another, it would take the changed policy of a bucket for a finding."""
    here = aws.at(STRICT)
    queue = stack.subscribe(here, strict["AlarmTopicArn"], f"alarms-{secrets.token_hex(4)}")
    dangers = [
        ("aws.kms", "kms.amazonaws.com", "DisableKey", {"keyId": strict["VaultKeyArn"]}),
        ("aws.kms", "kms.amazonaws.com", "ScheduleKeyDeletion", {"keyId": "alias/tocsin-vault"}),
        ("aws.kms", "kms.amazonaws.com", "PutKeyPolicy", {"keyId": strict["SigningKeyArn"]}),
        ("aws.s3", "s3.amazonaws.com", "PutBucketPolicy", {"bucketName": strict["VaultBucket"]}),
        ("aws.s3", "s3.amazonaws.com", "PutBucketPublicAccessBlock", {"bucketName": strict["VaultBucket"]}),
        ("aws.s3", "s3.amazonaws.com", "PutBucketPolicy", {"bucketName": "another-bucket"}),
        ("aws.kms", "kms.amazonaws.com", "DescribeKey", {"keyId": strict["VaultKeyArn"]}),
    ]
    for source, service, name, parameters in dangers:
        detail = {"eventSource": service, "eventName": name, "requestParameters": parameters}
        here.publish_service_event({"source": source, "detail-type": "AWS API Call via CloudTrail", "detail": detail}, **here.scope)
    sqs, told = here.client("sqs"), []

    def all_told():
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            told.append((detail["eventName"], next(iter(detail["requestParameters"].values()))))
        return len(told) >= 5

    aws.wait_until(all_told, seconds=20, what="five alarms")
    assert sorted(told) == sorted((name, next(iter(parameters.values()))) for _, _, name, parameters in dangers[:5])


def test_a_search_is_bounded_and_its_results_are_encrypted(aws, kept):
    group = aws.client("athena", account=EVIDENCE).get_work_group(WorkGroup="tocsin-evidence")["WorkGroup"]["Configuration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert int(group["BytesScannedCutoffPerQuery"]) == 1 << 40
    result = group["ResultConfiguration"]
    assert result["OutputLocation"] == f"s3://{kept['SearchResultsBucket']}/"
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"


def test_a_table_is_made_for_each_log_that_there_is(aws):
    logs = {"TrailLocation": "org-trail/AWSLogs/o-0123456789", "WafLogLocation": "aws-waf-logs-shop/AWSLogs", "DataCaptureLocation": "org-captures/v1"}
    parameters = {"SecurityAccountId": aws.account, "ZoneRegions": "eu-central-1", **logs}
    made = aws.deploy("tocsin-evidence", INFRA / "evidence.yaml", parameters, account="999988885555")
    assert made["LogTables"].split() == ["cloudtrail", "waf_logs", "data_captures=org-captures/v1"]
    tables = aws.client("glue", account="999988885555").get_tables(DatabaseName="tocsin_evidence")["TableList"]
    found = {table["Name"]: table for table in tables}
    assert set(found) == {"cloudtrail", "waf_logs", "data_captures"}
    trail = found["cloudtrail"]["Parameters"]
    assert trail["storage.location.template"] == "s3://org-trail/AWSLogs/o-0123456789/${account}/CloudTrail/${region}/${day}"
    assert (trail["projection.account.type"], trail["projection.day.range"]) == ("injected", "NOW-3YEARS,NOW")
    assert [key["Name"] for key in found["cloudtrail"]["PartitionKeys"]] == ["account", "region", "day"]
