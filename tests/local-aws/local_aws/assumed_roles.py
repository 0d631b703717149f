"""STS in front of the roles of Tocsin: whether a role exists where its ARN says, and whether it trusts who asks.

Other roles can be assumed by anybody: no policy is enforced here. What the responder may reach rests on these, so they are checked.
"""

import json
import re
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam, sts

from local_aws import plug

handlers = plug.table(app, "SERVICE_HANDLERS", "sts")
caller_identity = plug.take(sts, "_caller_identity", "headers", "query_params")
trusts = plug.take(iam_evaluator, "evaluate_trust_policy", "trust_doc", "caller_arn", "ctx")
eval_context = plug.take(iam_evaluator, "EvalContext")
roles = plug.take(iam, "_roles")
assume_any = handlers.get("sts")
_OURS = re.compile(r"arn:aws:iam::(\d{12}):role/(Tocsin-[\w-]+)")


async def handle(method, path, headers, body, query):
    fields = {**query, **parse_qs(body.decode("utf-8", "replace"))} if isinstance(body, bytes) else query
    ours = _OURS.fullmatch((fields.get("RoleArn") or [""])[0])
    if (fields.get("Action") or [""])[0] == "AssumeRole" and ours:
        caller = caller_identity(headers, query)
        if not is_trusted(caller, *ours.groups()):
            return refusal(f"User: {caller['userArn']} is not authorized to perform: sts:AssumeRole on resource: {ours.group(0)}")
    return await assume_any(method, path, headers, body, query)


def refusal(message: str) -> tuple[int, dict, bytes]:
    error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
    return 403, {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}<RequestId>local</RequestId></ErrorResponse>".encode()


def is_trusted(caller: dict, account: str, name: str) -> bool:
    role = roles.get_scoped(account, None, name)
    if role is None:
        return False
    policy = role["AssumeRolePolicyDocument"]
    context = eval_context(
        # In a condition, AWS gives a session as its role.
        principal_arn=re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", caller["userArn"]),
        principal_type=caller.get("principalType", "AssumedRole"),
        principal_account=caller["accountId"],
        action="sts:AssumeRole",
        resource_arn=role["Arn"],
        region=get_region(),
    )
    return trusts(json.loads(policy) if isinstance(policy, str) else policy, caller["userArn"], context)


handlers["sts"] = handle
