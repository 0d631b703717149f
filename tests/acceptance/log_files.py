"""Log files as AWS delivers them to buckets: a few lines of each, and the same lines where no search may find them."""

import gzip
import itertools
import json

ACCOUNT, REGION, DAY = "111122223333", "eu-central-1", "2026/11/21"
LOGS = "org-logs"
VPC = "vpc-0a1b2c3d4e5f60718"
INSTANCE, INTERFACE, OTHER_INTERFACE = "i-0123456789abcdef0", "eni-0123456789abcdef0", "eni-0fedcba9876543210"
ADDRESS, OTHER_ADDRESS = "198.51.100.7", "198.51.100.77"
WEB_ACL = "shop-front"
ENDPOINT, VARIANT = "ranking", "live-0"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
LOCATIONS = {
    "TrailLocation": f"{LOGS}/AWSLogs/o-0123456789",
    "FlowLogLocation": f"{LOGS}/AWSLogs",
    "ResolverLogLocation": f"{LOGS}/AWSLogs",
    "WafLogLocation": f"{LOGS}/AWSLogs",
    "LoadBalancerLogLocation": f"{LOGS}/AWSLogs",
    "ModelInvocationLocation": f"{LOGS}/bedrock/AWSLogs",
    "DataCaptureLocation": f"{LOGS}/captured/requests",
}
# The window of the searches is the 20th to the 22nd.
DAYS_OUTSIDE = ("2026/11/19", "2026/11/23")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/shop-app"


def session(name: str, role: str = "shop-app", key: str = "ASIASHOPAPP000000001") -> dict:
    issuer = {"type": "Role", "principalId": "AROASHOPAPP", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "accountId": ACCOUNT, "userName": role}
    return {
        "type": "AssumedRole",
        "principalId": f"AROASHOPAPP:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"creationDate": "2026-11-21T08:00:00Z", "mfaAuthenticated": "false"}},
    }


ALICE = {
    "type": "IAMUser",
    "principalId": "AIDAALICE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "accountId": ACCOUNT,
    "userName": "alice",
    "accessKeyId": "AKIAALICE00000000001",
}
ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
EMPLOYEE = session("erin", "AWSReservedSSO_Read", "ASIAERIN000000000001") | {
    "onBehalfOf": {"userId": "d-99670a1b2c", "identityStoreArn": "arn:aws:identitystore::1:x"}
}


def event(identifier: str, who: dict, service: str, name: str, parameters=None, answered=None, resources=None, region=REGION) -> dict:
    return {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": "2026-11-21T08:15:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": ADDRESS,
        "userAgent": "aws-cli/2.31",
        "requestParameters": parameters,
        "responseElements": answered,
        "requestID": f"r-{identifier}",
        "eventID": identifier,
        "readOnly": name.startswith("Get"),
        "resources": resources or [],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "tlsDetails": {"tlsVersion": "TLSv1.3", "clientProvidedHostHeader": "s3.eu-central-1.amazonaws.com"},
    }


def objects_of(bucket: str, key: str) -> list[dict]:
    found = {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}
    return [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"}, found]


def read(identifier: str, who: dict, bucket: str, key: str) -> dict:
    return event(identifier, who, "s3", "GetObject", {"bucketName": bucket, "key": key}, None, objects_of(bucket, key))


KEY = {"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
EVENTS = {
    REGION: [
        read("read", session(INSTANCE), "shop-customers", "2026/list.csv"),
        read("read-quote", session("o'brien"), "shop-press", "logo.svg"),
        event(
            "assume",
            ALICE,
            "sts",
            "AssumeRole",
            {"roleArn": ROLE_ARN, "roleSessionName": "x"},
            {"credentials": {"accessKeyId": "ASIASHOPAPP000000001"}},
        ),
        event(
            "decrypt",
            {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
            "kms",
            "Decrypt",
            {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
            None,
            [KEY],
        ),
        event("stop", EMPLOYEE, "ecs", "StopTask", {"cluster": "orders", "task": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/orders/0a1b2c3d4e5f"}),
        event("employee", EMPLOYEE, "ec2", "DescribeInstances"),
        # What no search may take for another.
        read("near", session("i-0123456789abcdef01", "shop-app-2", "ASIAOTHER00000000001"), "shop-customers-archive", "list.csv"),
    ],
    "us-east-1": [
        event(
            "key",
            ALICE,
            "iam",
            "CreateAccessKey",
            {"userName": "bob"},
            {"accessKey": {"accessKeyId": "AKIABOB0000000000001", "userName": "bob"}},
            region="us-east-1",
        ),
        event(
            "attach",
            ROOT,
            "iam",
            "AttachRolePolicy",
            {"roleName": "shop-app", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            region="us-east-1",
        ),
    ],
}
FLOW_HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
FLOWS = [
    f"2 {ACCOUNT} {INTERFACE} 10.0.0.5 {ADDRESS} 44321 443 6 11 9001 1795248000 1795248060 ACCEPT OK",
    f"2 {ACCOUNT} {OTHER_INTERFACE} {ADDRESS} 10.0.0.9 443 51000 6 12 400 1795248000 1795248060 REJECT OK",
    f"2 {ACCOUNT} {OTHER_INTERFACE} {OTHER_ADDRESS} 10.0.0.9 443 51000 6 13 400 1795248000 1795248060 ACCEPT OK",
    f"2 {ACCOUNT} {INTERFACE} - - - - - - - 1795248060 1795248120 - NODATA",
]


def query(name: str, instance: str) -> dict:
    answers = [{"Rdata": ADDRESS, "Type": "A", "Class": "IN"}]
    asked = {
        "query_timestamp": "2026-11-21T08:00:00Z",
        "query_name": name,
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": answers,
    }
    return {
        "version": "1.100000",
        "account_id": ACCOUNT,
        "region": REGION,
        "vpc_id": VPC,
        "srcaddr": "10.0.0.5",
        "srcids": {"instance": instance},
    } | asked


def request(identifier: str, client: str) -> dict:
    asked = {
        "clientIp": client,
        "country": "DE",
        "headers": [{"name": "Host", "value": "shop.example"}],
        "uri": "/login",
        "args": "",
        "httpMethod": "POST",
        "requestId": identifier,
    }
    return {
        "timestamp": 1795248000000,
        "formatVersion": 1,
        "webaclId": f"arn:{WEB_ACL}",
        "terminatingRuleId": "Default_Action",
        "action": "ALLOW",
        "httpRequest": asked,
        "labels": [{"name": "bot"}],
    }


def through_balancer(identifier: str, client: str) -> str:
    times = '0.001 0.002 0.000 200 200 34 366 "GET https://shop.example:443/ HTTP/1.1" "curl/8" ECDHE TLSv1.3'
    target = f'arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/shop/1 "{identifier}" "shop.example" "-" 0 2026-11-21T08:00:00.1Z "forward" "-" "-" "10.0.0.5:80" "200" "-" "-"'
    return f"https 2026-11-21T08:00:00.2Z app/shop/1 {client} 10.0.0.5:80 {times} {target} TID_0a1b"


def invocation(identifier: str, model: str, arn: str, customer: str, question: str) -> dict:
    asked = {"inputContentType": "application/json", "inputBodyJson": {"messages": [{"role": "user", "content": question}]}, "inputTokenCount": 21}
    answered = {
        "outputContentType": "application/json",
        "outputBodyS3Path": f"s3://{LOGS}/bedrock/AWSLogs/data/{identifier}.json.gz",
        "outputTokenCount": 340,
    }
    logged = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-11-21T08:00:00Z",
        "accountId": ACCOUNT,
        "region": REGION,
        "requestId": identifier,
    }
    return logged | {
        "operation": "Converse",
        "modelId": model,
        "identity": {"arn": arn},
        "input": asked,
        "output": answered,
        "requestMetadata": {"customer": customer},
    }


SESSIONS = f"arn:aws:sts::{ACCOUNT}:assumed-role"
INVOCATIONS = [
    invocation("by-id", MODEL, f"{SESSIONS}/shop-app/{INSTANCE}", "c-1001", "Where is my order 5567?"),
    invocation(
        "by-profile",
        f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.{MODEL}",
        f"arn:aws:iam::{ACCOUNT}:user/alice",
        "c-1002",
        "My card 4111 1111 1111 1111 was refused",
    ),
    invocation("other-model", f"{MODEL}0", f"{SESSIONS}/shop-app-2/{INSTANCE}1", "c-1003", "Hello"),
]


def captured(identifier: str, question: str | None, answer: str | None, customer: str = "") -> dict:
    """A line of data capture; what an endpoint is not told to capture is not there."""
    sides = {
        "endpointInput": question and {"observedContentType": "application/json", "mode": "INPUT", "data": question, "encoding": "JSON"},
        "endpointOutput": answer and {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": answer, "encoding": "CSV"},
    }
    about = {"eventId": identifier, "inferenceTime": "2026-11-21T08:00:00Z"}
    about |= {"inferenceId": f"{customer}/1", "customAttributes": [f"customer={customer}"]} if customer else {}
    return {"captureData": {name: side for name, side in sides.items() if side}, "eventMetadata": about, "eventVersion": "0"}


CAPTURED = [
    captured("asked", json.dumps({"email": "ada@example.com"}), "0.93", "c-1001"),
    captured("answered", None, "0.07"),
]


def lines(rows: list) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


# Of each log: where a partition lies, the partitions' coordinates, and what the file there holds.
FILES = [
    (f"{LOGS}/AWSLogs/o-0123456789/{{account}}/CloudTrail/{{region}}/{{day}}/t.json.gz", {"region": region}, json.dumps({"Records": events}))
    for region, events in EVENTS.items()
] + [
    (f"{LOGS}/AWSLogs/{{account}}/vpcflowlogs/{{region}}/{{day}}/f.log.gz", {}, lines([FLOW_HEADER, *FLOWS])),
    (
        f"{LOGS}/AWSLogs/{{account}}/vpcdnsquerylogs/{{vpc}}/{{day}}/q.log.gz",
        {"vpc": VPC},
        lines([query("evil.example.", INSTANCE), query("near.example.", INSTANCE + "1")]),
    ),
    (
        f"{LOGS}/AWSLogs/{{account}}/WAFLogs/{{region}}/{{acl}}/{{day}}/08/15/w.log.gz",
        {"acl": WEB_ACL},
        lines([request("w-1", ADDRESS), request("w-2", OTHER_ADDRESS), "{broken"]),
    ),
    (
        f"{LOGS}/AWSLogs/{{account}}/WAFLogs/{{region}}/{{acl}}/{{day}}/08/15/w.log.gz",
        {"acl": WEB_ACL, "region": "cloudfront"},
        lines([request("w-3", ADDRESS)]),
    ),
    (
        f"{LOGS}/AWSLogs/{{account}}/elasticloadbalancing/{{region}}/{{day}}/b.log.gz",
        {},
        lines(
            [
                through_balancer("b-1", f"{ADDRESS}:2817"),
                through_balancer("b-2", f"{OTHER_ADDRESS}:2817"),
                through_balancer("b-3", "[2001:db8::7]:443"),
                "what no pattern knows",
            ]
        ),
    ),
    (f"{LOGS}/bedrock/AWSLogs/{{account}}/BedrockModelInvocationLogs/{{region}}/{{day}}/08/i.json.gz", {}, lines(INVOCATIONS)),
    (
        f"{LOGS}/captured/requests/{{account}}/{{region}}/{{endpoint}}/{{variant}}/{{day}}/08/12-34-567-0a1b.jsonl",
        {"endpoint": ENDPOINT, "variant": VARIANT},
        lines([*CAPTURED, "{broken"]),
    ),
]


def files():
    """Key and content of each file, and of its copies one step aside: another account, region, VPC or web ACL, a day before the window, a day after."""
    for place, own, content in FILES:
        here = {"account": ACCOUNT, "region": REGION, "day": DAY} | own
        aside = [
            {"account": "111122224444"},
            {"region": "eu-west-1"},
            {"vpc": "vpc-0"},
            {"acl": "shop-front-2"},
            {"endpoint": "ranking-2"},
            {"variant": "live-1"},
            *({"day": day} for day in DAYS_OUTSIDE),
        ]
        for coordinates in itertools.chain([here], (here | one for one in aside if not set(one) - place_names(place))):
            key = place.format(**coordinates).split("/", 1)[1]
            yield key, gzip.compress(content.encode()) if key.endswith(".gz") else content.encode()


def place_names(place: str) -> set[str]:
    return {name for name in ("account", "region", "vpc", "acl", "endpoint", "variant", "day") if f"{{{name}}}" in place}
