import boto3
import json

ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
LOCK = "TocsinLockBucket"


def observe(run):
    s3, bucket = boto3.client("s3"), run["target"]
    return {
        "public_access_block": switches_of(s3, bucket),
        "encryption": setting(
            s3,
            lambda: s3.get_bucket_encryption(Bucket=bucket),
            "ServerSideEncryptionConfiguration",
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        "policy": policy_text(s3, bucket),
    }


def refuse(run, before):
    if not any(arn.strip() for arn in run["responder_arns"]):
        raise ValueError("ResponderArns is empty: the lock would shut out the responders themselves")
    if LOCK in (before["policy"] or ""):
        raise touched(run)


def settled(run, state):
    rules = (state["encryption"] or {}).get("Rules", [])
    return (
        state["public_access_block"] == ALL_BLOCKED
        and any(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms" for rule in rules)
        and LOCK in (state["policy"] or "")
    )


def merge_policy(run):
    s3, bucket = boto3.client("s3"), run["target"]
    policy = json.loads(policy_text(s3, bucket) or '{"Version": "2012-10-17"}')
    arn = f"arn:{run['role'].split(':')[1]}:s3:::{bucket}"
    lock = {
        "Sid": LOCK,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        # This role is spared too: the reversal, and a repeat, run with it.
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": sorted({*run["responder_arns"], run["role"]})}},
    }
    # Putting a policy replaces it whole, so the statements found go back in as they are. Only the lock of a broken run is
    # left out.
    found = [one for one in statements_of(policy) if one.get("Sid") != LOCK]
    put_policy(s3, bucket, json.dumps({**policy, "Statement": [*found, lock]}))


def put_policy(s3, bucket, policy):
    try:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        # While BlockPublicPolicy is on, S3 refuses a policy that grants public access, and the policy found may do so. The
        # other three switches keep the public out until BlockPublicAccess turns the last one on again.
        let_public_policies(s3, bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)


def let_public_policies(s3, bucket):
    switches = {**ALL_BLOCKED, "BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)


def encrypt_by_default(run):
    default = {"SSEAlgorithm": "aws:kms"}
    if run["kms_key_arn"]:
        default["KMSMasterKeyID"] = run["kms_key_arn"]
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3 = boto3.client("s3")
    s3.put_bucket_encryption(Bucket=run["target"], ServerSideEncryptionConfiguration={"Rules": [rule]})


def block_public_access(run):
    s3 = boto3.client("s3")
    s3.put_public_access_block(Bucket=run["target"], PublicAccessBlockConfiguration=ALL_BLOCKED)


def let_policy_be_restored(run):
    # S3 refuses to put a policy that grants public access while BlockPublicPolicy is on, and the policy recorded may be one.
    # The other three switches stay on until the policy is back.
    let_public_policies(boto3.client("s3"), run["target"])


def restore_policy(run):
    s3, recorded = boto3.client("s3"), run["before"]["policy"]
    if recorded is None:
        s3.delete_bucket_policy(Bucket=run["target"])
    else:
        s3.put_bucket_policy(Bucket=run["target"], Policy=recorded)


def restore_encryption(run):
    s3, recorded = boto3.client("s3"), run["before"]["encryption"]
    if recorded is None:
        s3.delete_bucket_encryption(Bucket=run["target"])
    else:
        s3.put_bucket_encryption(Bucket=run["target"], ServerSideEncryptionConfiguration=recorded)


def restore_public_access(run):
    s3, recorded = boto3.client("s3"), run["before"]["public_access_block"]
    if recorded is None:
        s3.delete_public_access_block(Bucket=run["target"])
    else:
        s3.put_public_access_block(Bucket=run["target"], PublicAccessBlockConfiguration=recorded)


def calls(run, state):
    bucket = run["target"]
    return [
        {
            "call": "s3:PutBucketPolicy",
            "on": bucket,
            "change": f"adds the statement {LOCK}, which denies all but {', '.join(run['responder_arns'])}",
        },
        {"call": "s3:PutBucketEncryption", "on": bucket, "change": "KMS by default"},
        {"call": "s3:PutPublicAccessBlock", "on": bucket, "change": "all four switches on"},
    ]


def impact(run, state):
    """Who is named in the policy now, and loses access."""
    policy = json.loads(state["policy"] or "{}")
    granted = [one for one in statements_of(policy) if one.get("Effect") == "Allow"]
    return [
        f"the policy's statement {one.get('Sid', 'without a name')} grants {json.dumps(one.get('Principal'))}:"
        " denied from now on"
        for one in granted
    ]
