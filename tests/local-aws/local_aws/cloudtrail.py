"""CloudTrail's event history: the management calls that reached the gateway, as LookupEvents shows them.

Object, item and message operations are data events: AWS does not show them there, so neither does this.
"""

import datetime
import json
import uuid

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import AccountRegionScopedDict, get_account_id

from local_aws import control, plug, recording
from local_aws.moto_services import handlers
from local_aws.operations import READ_ONLY

caller_identity = plug.take(iam_evaluator, "resolve_caller_identity", "access_key_id")
trails_and_the_rest = handlers.get("cloudtrail")
_history = AccountRegionScopedDict()
KEPT = 10_000

DATA_EVENTS = {
    "s3": ("Object", "Upload", "SelectObject"),
    "dynamodb": ("Item", "Query", "Scan", "Transact", "ExecuteStatement"),
    "lambda": ("Invoke",),
    "sqs": ("Message",),
    "sns": ("Publish",),
}
RESOURCE_TYPES = {
    "Bucket": "AWS::S3::Bucket",
    "RoleName": "AWS::IAM::Role",
    "UserName": "AWS::IAM::User",
    "PolicyName": "AWS::IAM::Policy",
    "FunctionName": "AWS::Lambda::Function",
    "TableName": "AWS::DynamoDB::Table",
    "InstanceId": "AWS::EC2::Instance",
    "GroupId": "AWS::EC2::SecurityGroup",
    "NetworkInterfaceId": "AWS::EC2::NetworkInterface",
}
ATTRIBUTES = ("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId")


@plug.replaces(
    app,
    "_maybe_record_cloudtrail",
    "service",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "request_id",
    "region",
)
def not_by_ministack(_original, *_request):
    """ministack's own record names neither the role nor, for REST services, the operation."""


def record(entry: dict, access_key: str, headers: dict) -> None:
    scope, name = entry["actions"][0].split(":")[0] if entry["actions"] else entry["service"], entry["operation"]
    if any(part in name for part in DATA_EVENTS.get(scope, ())) or entry["service"] == "cloudtrail":
        return
    event = {
        "eventVersion": "1.11",
        "userIdentity": user_identity(access_key),
        "eventTime": entry["at"].split(".")[0] + "Z",
        "eventSource": f"{'monitoring' if scope == 'cloudwatch' else scope}.amazonaws.com",
        "eventName": name,
        "awsRegion": entry["region"],
        "sourceIPAddress": headers.get("x-forwarded-for", "127.0.0.1"),
        "userAgent": headers.get("user-agent", ""),
        "requestParameters": entry["parameters"],
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": name.startswith(READ_ONLY),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
    }
    if entry["status"] >= 400:
        event["errorCode"] = "AccessDenied" if entry["status"] == 403 else "Client.Error"
    keep(event)


def user_identity(access_key: str) -> dict:
    caller = caller_identity(access_key)
    if caller is None:
        return {"type": "Unknown", "accessKeyId": access_key}
    arn = caller["userArn"]
    identity = {"principalId": caller["userId"], "arn": arn, "accountId": caller["accountId"], "accessKeyId": access_key}
    if ":assumed-role/" in arn:
        role = arn.split("/")[1]
        issuer = {"type": "Role", "arn": f"arn:aws:iam::{caller['accountId']}:role/{role}", "userName": role}
        return {"type": "AssumedRole", **identity, "sessionContext": {"sessionIssuer": issuer}}
    if arn.endswith(":root"):
        return {"type": "Root", **identity}
    return {"type": "IAMUser", **identity, "userName": arn.rsplit("/", 1)[-1]}


def keep(event: dict) -> None:
    """Add one CloudTrail record to the history of the current account and region."""
    identity = event["userIdentity"]
    identity_name = identity.get("userName") or identity.get("arn", "").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    moment = datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))
    shown = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event.get("readOnly") else "false",
        "EventTime": moment.timestamp(),
        "EventSource": event["eventSource"],
        "Username": identity_name,
        "Resources": event_resources(event.get("requestParameters") or {}),
        "CloudTrailEvent": json.dumps(event),
        "AccessKeyId": identity.get("accessKeyId", ""),
    }
    history = _history.setdefault("events", [])
    history.append(shown)
    del history[:-KEPT]


def event_resources(parameters: dict) -> list[dict]:
    found = []
    for key, value in parameters.items():
        name = key.split(".")[0]
        name = name[0].upper() + name[1:] if name else name
        kind = RESOURCE_TYPES.get("Bucket" if name == "BucketName" else name)
        if isinstance(value, str):
            found.append({"ResourceName": value, **({"ResourceType": kind} if kind else {})})
    return found


async def handle(method, path, headers, body, query):
    if not headers.get("x-amz-target", "").endswith(".LookupEvents"):
        return await trails_and_the_rest(method, path, headers, body, query)
    status, answer = lookup(json.loads(body or b"{}"))
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def lookup(request: dict) -> tuple[int, dict]:
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1 or any(attribute["AttributeKey"] not in ATTRIBUTES for attribute in attributes):
        return 400, {"__type": "InvalidLookupAttributesException", "message": "one attribute of a known key is allowed"}
    start, end = float(request.get("StartTime") or 0), float(request.get("EndTime") or 1e12)
    newest_first = reversed(list(_history.get("events") or []))
    found = [event for event in newest_first if start <= event["EventTime"] <= end and has(event, attributes)]
    first, size = int(request.get("NextToken") or 0), min(int(request.get("MaxResults") or 50), 50)
    answer = {"Events": found[first : first + size]}
    if first + size < len(found):
        answer["NextToken"] = str(first + size)
    return 200, answer


def has(event: dict, attributes: list[dict]) -> bool:
    for attribute in attributes:
        key, value = attribute["AttributeKey"], attribute["AttributeValue"]
        if key in ("ResourceName", "ResourceType"):
            if all(resource.get(key) != value for resource in event["Resources"]):
                return False
        elif event[key] != value:
            return False
    return True


recording.on_call(record)
handlers["cloudtrail"] = handle


@control.route("POST", "/cloudtrail-event")
def plant(request: dict) -> None:
    """A record that happened before, or elsewhere: what a test or the demo needs an intruder to have done."""
    event = {"eventID": str(uuid.uuid4()), "readOnly": False, **request["event"]}
    keep(event)
