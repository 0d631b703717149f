"""Rotation of a KMS key on demand, which ministack lacks: new material for what is encrypted from now on, the old for what was."""

import datetime
import json
import os

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.services import kms

from local_aws import plug

handlers = plug.table(app, "SERVICE_HANDLERS", "kms")
resolve = plug.take(kms, "_resolve_key", "key_id_or_arn")
handle_other = handlers.get("kms")
# Every ciphertext has a nonce of its own, so that tells under which material it was written.
_material_of: dict[bytes, bytes] = {}


@plug.replaces(kms, "_derive_with_context", "key_bytes", "enc_context", "nonce")
def derive_with_context(original, key_bytes, enc_context, nonce):
    return original(_material_of.setdefault(bytes(nonce), key_bytes), enc_context, nonce)


async def handle(method, path, headers, body, query):
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action not in ("RotateKeyOnDemand", "ListKeyRotations"):
        return await handle_other(method, path, headers, body, query)
    asked = json.loads(body or b"{}").get("KeyId", "")
    key = resolve(asked)
    if key is None:
        return error_response_json("NotFoundException", f"Key {asked} not found", 400)
    if action == "ListKeyRotations":
        return json_response({"Rotations": key.get("_rotations", []), "Truncated": False})
    return rotate(key)


def rotate(key: dict) -> tuple:
    if "_symmetric_key" not in key:
        return error_response_json("UnsupportedOperationException", f"{key['Arn']} key spec does not support rotation.", 400)
    if key["KeyState"] != "Enabled":
        return error_response_json("DisabledException", f"{key['Arn']} is disabled.", 400)
    key["_symmetric_key"] = os.urandom(len(key["_symmetric_key"]))
    now = datetime.datetime.now(datetime.UTC).timestamp()
    key.setdefault("_rotations", []).append({"KeyId": key["KeyId"], "RotationDate": now, "RotationType": "ON_DEMAND"})
    return json_response({"KeyId": key["KeyId"]})


handlers["kms"] = handle
