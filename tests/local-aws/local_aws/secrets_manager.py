"""Where ministack's rotation of secrets differs from AWS in what containment rests on. No rotation function is called."""

import json
import time

from ministack.core.responses import error_response_json
from ministack.services import secretsmanager

from local_aws import plug

resolve = plug.take(secretsmanager, "_resolve")


def refused(message: str):
    return error_response_json("InvalidRequestException", message, 400)


@plug.replaces(secretsmanager, "_rotate_secret", "data")
def rotate(original, data):
    _, secret = resolve(data.get("SecretId"))
    if not secret or secret.get("DeletedDate"):
        return original(data)
    if not (data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")):
        return refused("No Lambda rotation function ARN is associated with this secret.")
    if data.get("ClientRequestToken") in secret["Versions"]:
        # The SDK asks again where an answer is lost. One token makes one version.
        made = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": data["ClientRequestToken"]}
        return 200, {}, json.dumps(made).encode()
    if any("AWSPENDING" in one["Stages"] and "AWSCURRENT" not in one["Stages"] for one in secret["Versions"].values()):
        return refused("A previous rotation isn't complete. That rotation will be reattempted.")
    if data.get("RotateImmediately") is False:
        configured = {name: data[name] for name in ("RotationLambdaARN", "RotationRules") if name in data}
        secret.update(configured, RotationEnabled=True)
        return 200, {}, json.dumps({"ARN": secret["ARN"], "Name": secret["Name"]}).encode()
    secret["_last_rotated"] = int(time.time())
    return original(data)


@plug.replaces(secretsmanager, "_describe_secret", "data")
def describe(original, data):
    status, headers, body = original(data)
    _, secret = resolve(data.get("SecretId"))
    if status == 200 and "_last_rotated" in secret:
        body = json.dumps({**json.loads(body), "LastRotatedDate": secret["_last_rotated"]}).encode()
    return status, headers, body


@plug.replaces(secretsmanager, "handle_request", "method", "path", "headers", "body", "query_params")
async def handle(original, method, path, headers, body, query_params):
    if not headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
        return await original(method, path, headers, body, query_params)
    _, secret = resolve(json.loads(body).get("SecretId"))
    if secret:
        secret["RotationEnabled"] = False
        return 200, {}, json.dumps({"ARN": secret["ARN"], "Name": secret["Name"]}).encode()
    return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)
