"""The IAM actions that a call needs, so that a policy can be compared with the calls that were seen.

Mostly `prefix:Operation`. S3 names its actions otherwise, some calls need a second permission, and a call on a resource under a
customer key needs that key. The table holds what Tocsin's calls need, from the service authorization reference of AWS.
"""

from local_aws.operations import Operation, json_object

_PREFIXES = {"monitoring": "cloudwatch", "elasticloadbalancing": "elasticloadbalancing"}
_NAMES = {
    "s3": {
        "HeadObject": "GetObject",
        "HeadBucket": "ListBucket",
        "ListObjects": "ListBucket",
        "ListObjectsV2": "ListBucket",
        "ListObjectVersions": "ListBucketVersions",
        "ListBuckets": "ListAllMyBuckets",
        "DeleteObjects": "DeleteObject",
        "CreateMultipartUpload": "PutObject",
        "UploadPart": "PutObject",
        "CompleteMultipartUpload": "PutObject",
        "CopyObject": "PutObject",
        "ListParts": "ListMultipartUploadParts",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "PutBucketEncryption": "PutEncryptionConfiguration",
        "DeleteBucketEncryption": "PutEncryptionConfiguration",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
        "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
        "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
        # One path for both: a listing is recorded as the other.
        "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
        "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
        "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
        "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
        "GetBucketReplication": "GetReplicationConfiguration",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "GetBucketNotificationConfiguration": "GetBucketNotification",
        "GetBucketCors": "GetBucketCORS",
        "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
        "ListMultipartUploads": "ListBucketMultipartUploads",
    },
    "access-analyzer": {"ListFindingsV2": "ListFindings"},
    "lambda": {"Invoke": "InvokeFunction"},
    "sqs": {"SendMessageBatch": "SendMessage"},
}
OBJECT_HEADERS = {
    "x-amz-object-lock-mode": "s3:PutObjectRetention",
    "x-amz-object-lock-legal-hold": "s3:PutObjectLegalHold",
    "x-amz-tagging": "s3:PutObjectTagging",
}
_OBJECT_VERSION_READS = {"GetObject", "HeadObject"}
_PROFILE_CHANGES = {"AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"}
# What EC2 does with the keys of a snapshot and of its copy, on behalf of whoever copies.
_SNAPSHOT_KEYS = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]
# Calls whose tags are a permission of their own.
_TAGGED = {("organizations", "CreatePolicy"): "organizations:TagResource"}
_TRANSACTION_ACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}


# What Athena does for a search, as whoever started it: the table, the files, and the result, which is written in parts.
_SEARCH = [
    *("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", "kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:GetBucketLocation"),
    *("s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:PutObject"),
]


def actions_of(operation: Operation, headers: dict, query: dict, body: bytes) -> list[str]:
    """Every IAM action that AWS asks for, the call's own first."""
    if operation.name in ("TransactWriteItems", "TransactGetItems") and operation.service == "dynamodb":
        return transaction_actions(body)
    prefix = _PREFIXES.get(operation.scope, operation.scope)
    name = _NAMES.get(prefix, {}).get(operation.name, operation.name)
    if operation.service == "s3control" and operation.name == "GetPublicAccessBlock":
        name = "GetAccountPublicAccessBlock"
    if prefix == "s3" and operation.name in _OBJECT_VERSION_READS and "versionId" in query:
        name = "GetObjectVersion"
    actions = [f"{prefix}:{name}"]
    if operation.name in ("PutObject", "CreateMultipartUpload") and prefix == "s3":
        actions += [action for header, action in OBJECT_HEADERS.items() if header in headers]
    if prefix == "ec2" and b"TagSpecification." in body:
        actions.append("ec2:CreateTags")
    if prefix == "ec2" and operation.name == "CopySnapshot" and b"KmsKeyId=" in body:
        actions += _SNAPSHOT_KEYS
    if (prefix, operation.name) in _TAGGED and json_object(body).get("Tags"):
        actions.append(_TAGGED[prefix, operation.name])
    if prefix == "ec2" and operation.name in _PROFILE_CHANGES:
        actions.append("iam:PassRole")
    if operation.name == "PutModelInvocationLoggingConfiguration" and b'"roleArn"' in body:
        actions.append("iam:PassRole")
    if operation.name == "CreateModel" and prefix == "sagemaker":
        actions.append("iam:PassRole")
    if operation.name == "StartQueryExecution" and prefix == "athena":
        actions += _SEARCH
    if operation.name == "CreateSchedule" and prefix == "scheduler":
        actions.append("iam:PassRole")
    if operation.name == "RotateSecret":
        actions.append("lambda:InvokeFunction")
    if operation.name == "StartAutomationExecution" and (json_object(body).get("Parameters") or {}).get("AutomationAssumeRole"):
        actions.append("iam:PassRole")
    return actions


def transaction_actions(body: bytes) -> list[str]:
    """A transaction is no permission of its own: each item needs the single-item action."""
    items = json_object(body).get("TransactItems") or []
    return sorted({_TRANSACTION_ACTIONS[kind] for item in items for kind in item if kind in _TRANSACTION_ACTIONS})


def key_actions(operation: Operation, encrypted: bool, headers: dict | None = None) -> list[str]:
    """What a call needs on the customer key of the resource it touches."""
    if not encrypted:
        return []
    if operation.scope == "s3":
        # Checksums are encrypted like what they are of.
        if operation.name == "HeadObject" and "x-amz-checksum-mode" in (headers or {}):
            return ["kms:Decrypt"]
        if operation.name in ("PutObject", "CreateMultipartUpload", "CopyObject"):
            return ["kms:GenerateDataKey"]
        # A part is encrypted under the data key of its upload, which has to be opened first.
        return ["kms:Decrypt"] if operation.name in ("GetObject", "UploadPart", "CompleteMultipartUpload") else []
    if operation.name in ("SendMessage", "SendMessageBatch", "Publish", "PublishBatch"):
        return ["kms:Decrypt", "kms:GenerateDataKey"]
    if operation.name == "ReceiveMessage":
        return ["kms:Decrypt"]
    return []
