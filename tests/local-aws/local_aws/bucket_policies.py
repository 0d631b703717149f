"""The policy of a bucket, for whoever asks from another account: it decides there, as on AWS.

ministack asks it on behalf of the other account as a whole, and knows few of S3's condition keys. Here it is asked for the role or user
that signed, with what the vault's policy rests on. In the bucket's own account no policy is enforced.
"""

import contextvars
import logging
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_region
from ministack.services import s3, sts

from local_aws import plug
from local_aws.iam_actions import OBJECT_HEADERS

s3_action = plug.take(iam_actions, "_s3_action", "method", "path", "query_params")
s3_context = plug.take(iam_actions, "s3_service_context", "iam_action", "query_params", "path", "headers")
caller_identity = plug.take(sts, "_caller_identity", "headers", "query_params")
decide = plug.take(iam_evaluator, "evaluate_resource_policy", "doc", "ctx", "service", "named_only", "direct_only")
eval_context = plug.take(iam_evaluator, "EvalContext")
policies = plug.take(s3, "_bucket_policies")

log = logging.getLogger("local_aws")
# Who asks: S3 looks at the source of a copy without the request's headers.
_caller = contextvars.ContextVar("caller_of_s3", default="")
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_CUSTOMERS = "x-amz-server-side-encryption-customer-algorithm"


@plug.replaces(s3, "_apply_bucket_scope", "method", "bucket", "key", "headers", "query_params", "body", "internal")
def apply_bucket_scope(original, method, bucket, key, headers, query_params, body=b"", internal=False):
    # In a condition, AWS gives a session as its role.
    user = caller_identity(headers, query_params)["userArn"]
    arn = re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", user)
    token = _caller.set(arn)
    try:
        return original(method, bucket, key, headers, query_params, body, internal)
    finally:
        _caller.reset(token)


@plug.replaces(
    s3, "_foreign_bucket_allows", "owner_account", "bucket_name", "key", "method", "query_params", "caller", "headers"
)
def foreign_bucket_allows(original, owner_account, bucket_name, key, method, query_params, caller, headers=None):
    policy = policies.get_scoped(owner_account, None, bucket_name)
    arn = _caller.get()
    if not policy or not caller or f":{caller}:" not in arn:
        return original(owner_account, bucket_name, key, method, query_params, caller, headers)
    headers = headers or {}
    path = f"/{bucket_name}/{key}" if key else f"/{bucket_name}"
    first = s3_action(method, path, query_params) or ("GetObject" if method in ("GET", "HEAD") else "PutObject")
    actions = [f"s3:{first}"]
    if first == "PutObject":
        actions += [action for header, action in OBJECT_HEADERS.items() if header in headers]
    resource = f"arn:aws:s3:::{bucket_name}" + (f"/{key}" if key else "")
    context = request_context(actions[0], method, path, query_params, headers)
    for action in actions:
        asked = eval_context(
            principal_arn=arn,
            principal_type="AssumedRole" if ":role/" in arn else "User",
            principal_account=caller,
            action=action,
            resource_arn=resource,
            region=get_region(),
            # The gateway's plain HTTP stands for TLS.
            secure_transport=True,
            service_context=context,
        )
        answer = decide(policy, asked)
        if answer.decision != "Allow":
            log.info("the policy of the bucket refuses %s %s on %s: %s %s", arn, action, resource, answer.decision, answer.matched_sid)
            return False
    return True


def request_context(action: str, method: str, path: str, query_params: dict, headers: dict) -> dict:
    """The condition keys of S3 that the request carries."""
    known = {name.lower(): value for name, value in s3_context(action, query_params, path, headers).items()}
    known |= {"s3:tlsversion": "1.3", "aws:principalisawsservice": "false"}
    if action == "s3:PutObject":
        known["s3:objectcreationoperation"] = str(creates(method, query_params)).lower()
        named = {"s3:if-none-match": "if-none-match", f"s3:{_KEY}": _KEY, f"s3:{_CUSTOMERS}": _CUSTOMERS}
        known |= {name: headers[header] for name, header in named.items() if headers.get(header)}
    return known


def creates(method: str, query_params: dict) -> bool:
    """Whether the request makes an object: neither the beginning of an upload nor a part of it does."""
    return "partNumber" not in query_params and not (method == "POST" and "uploads" in query_params)
