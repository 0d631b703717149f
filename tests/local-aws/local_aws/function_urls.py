"""Function URLs with `AuthType: AWS_IAM`: reachable on the gateway, the signature checked, the caller named in the event.

A URL of AWS leads away from this machine, so the one that CloudFormation and the API answer with is the gateway's own:
http://127.0.0.1:<port>/_aws/lambda-url/<id>/.
"""

import contextvars
import hashlib
import os
from urllib.parse import parse_qs, quote

from ministack.core import iam_evaluator, responses, sigv4
from ministack.services import lambda_svc

from local_aws import plug
from local_aws.settings import ACCOUNT

PREFIX = "/_aws/lambda-url/"

new_id = plug.take(lambda_svc, "_new_function_url_id")
function_urls = plug.take(lambda_svc, "_function_urls")
parse_signature = plug.take(sigv4, "parse_header_signature", "headers")
signature_failure = plug.take(
    sigv4,
    "header_signature_failure",
    "signature",
    "secret",
    "method",
    "raw_path",
    "query_params",
    "headers",
    "body",
    "presigned",
    "explain",
)
time_failure = plug.take(sigv4, "request_time_failure", "signature", "now")
resolve_credential = plug.take(iam_evaluator, "resolve_credential", "access_key_id", "account_id", "session_token")
CredentialError = plug.take(iam_evaluator, "CredentialResolutionError")

# The request line as it was signed; ministack hands on only the part behind the URL's id.
request_line: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("request_line", default=("", ""))
_caller: contextvars.ContextVar[dict | None] = contextvars.ContextVar("function_url_caller", default=None)


@plug.replaces(lambda_svc, "_create_function_url_config", "func_name", "data", "qualifier")
def create(original, name, data, qualifier):
    status, headers, body = original(name, data, qualifier)
    if status < 400:
        config = function_urls[lambda_svc._url_config_key(name, qualifier)]
        identifier = config["FunctionUrl"].split("://", 1)[-1].split(".", 1)[0]
        config["FunctionUrl"] = f"{os.environ['AWS_ENDPOINT_URL']}{PREFIX}{identifier}/"
        return responses.json_response(config, status=status)
    return status, headers, body


@plug.replaces(lambda_svc, "_function_url_id", "function_url")
def identifier_of(_original, function_url):
    return function_url.rstrip("/").rsplit("/", 1)[-1]


@plug.replaces(
    lambda_svc,
    "handle_function_url_request",
    "url_id",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "resolved",
    "source_ip",
)
async def serve(original, url_id, method, path, headers, body, query, resolved=None, source_ip=None):
    found = resolved or lambda_svc.resolve_function_url(url_id)
    _caller.set(None)
    if found is not None and found[4].get("AuthType") == "AWS_IAM":
        caller = authenticate(method, headers, query, body)
        if isinstance(caller, str):
            refused = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
            return 403, refused, b'{"Message":"Forbidden","Code":"' + caller.encode() + b'"}'
        _caller.set(caller)
    return await original(url_id, method, path, headers, body, query, resolved=found, source_ip=source_ip)


def authenticate(method: str, headers: dict, query: dict, body: bytes) -> dict | str:
    """Who signed the request, or why it is refused."""
    signature = parse_signature(headers)
    if isinstance(signature, tuple):
        return signature[0]
    if signature.service != "lambda":
        return "SignatureDoesNotMatch"
    declared = headers.get("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(body).hexdigest():
        return "XAmzContentSHA256Mismatch"
    account = signature.access_key_id if signature.access_key_id.isdigit() else session_account(signature.access_key_id)
    with responses.request_scope(account, signature.region):
        credential = resolve_credential(signature.access_key_id, account, headers.get("x-amz-security-token", ""))
        if isinstance(credential, CredentialError):
            return credential.code
        secret = credential.secret_access_key
        raw_path, raw_query = request_line.get()
        signed_query = parse_qs(raw_query, keep_blank_values=True)
        failure = time_failure(signature)
        if failure is None and signature_failure(signature, secret, method, raw_path, signed_query, headers, body):
            failure = ("SignatureDoesNotMatch", "")
        if failure is not None:
            return failure[0]
    return {
        "accessKey": credential.access_key_id,
        "accountId": credential.account_id,
        "callerId": credential.principal_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": credential.principal_arn,
        "userId": credential.principal_id,
    }


def session_account(access_key: str) -> str:
    return responses._account_from_sts_session(access_key) or ACCOUNT


@plug.replaces(
    lambda_svc,
    "_build_function_url_event",
    "url_id",
    "account_id",
    "region",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "source_ip",
    "anonymous",
    "trace_root",
)
def build_event(original, *args, **kwargs):
    """Signed requests carry who signed them; nothing that the request itself says can put it there."""
    event = original(*args, **kwargs)
    caller = _caller.get()
    if caller is not None:
        event["requestContext"]["authorizer"] = {"iam": caller}
    return event


def remember_request_line(scope: dict) -> None:
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    request_line.set((raw_path.decode("latin-1"), scope["query_string"].decode("latin-1")))
