"""A KMS key that is named by its ARN is used where it lies, in another account too. Its policy is not asked: see the README."""

import json

from ministack import app
from ministack.core.responses import get_account_id, get_region, request_scope

from local_aws import key_rotation, plug

# What an account may do with the key of another.
USES = {"Sign", "Verify", "GetPublicKey", "DescribeKey", "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}

handlers = plug.table(app, "SERVICE_HANDLERS", "kms")


async def handle(method, path, headers, body, query):
    owner = owner_of(headers, body)
    with request_scope(owner or get_account_id(), get_region()):
        return await key_rotation.handle(method, path, headers, body, query)


def owner_of(headers, body) -> str:
    """The account of the ARN that the request names, if it is one that others may make."""
    if headers.get("x-amz-target", "").rsplit(".", 1)[-1] not in USES:
        return ""
    key = json.loads(body or b"{}").get("KeyId", "")
    return key.split(":")[4] if key.startswith("arn:") and key.count(":") >= 5 else ""


handlers["kms"] = handle
