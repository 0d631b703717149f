"""Which API operation a request is, read from the request alone.

JSON and query services name the operation; for REST services the request line is matched against botocore's bundled models.
"""

import dataclasses
import functools
import json
import re
from urllib.parse import parse_qs, unquote

import botocore.exceptions

from local_aws import api_clients

# The name in a request's credential scope, where botocore calls the service something else.
_MODEL_NAMES = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
    "sso": "sso-admin",
    "access-analyzer": "accessanalyzer",
    "elasticmapreduce": "emr",
}
_RPC_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")
_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_IDENTIFIER = re.compile(r"(?:Name|Names|Id|Ids|Arn|Arns|Url|Bucket|Key|Prefix|Types|Source|Email\w*)$", re.IGNORECASE)
_LONGEST_VALUE = 300
# What an operation's name begins with that changes nothing.
READ_ONLY = ("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Search", "Query", "Scan")


@dataclasses.dataclass(frozen=True)
class Operation:
    """`service` is botocore's name, `scope` the one in the signature; `parameters` are identifiers, never bodies."""

    scope: str
    service: str
    name: str
    parameters: dict


@dataclasses.dataclass(frozen=True)
class Signature:
    access_key: str
    region: str
    scope: str


def signature_of(headers: dict, query: dict) -> Signature:
    """Who signed, for which region and service; empty when the request is unsigned."""
    found = _SCOPE.search(headers.get("authorization", ""))
    if found:
        return Signature(*found.groups())
    credential = (query.get("X-Amz-Credential") or [""])[0].split("/")
    return Signature(credential[0], credential[2], credential[3]) if len(credential) == 5 else Signature("", "", "")


def identify(scope: str, method: str, path: str, headers: dict, query: dict, body: bytes) -> Operation:
    service = _MODEL_NAMES.get(scope, scope)
    if scope == "ses" and path.startswith("/v2/"):
        service = "sesv2"
    if scope == "s3" and path.startswith("/v20180820/"):
        service = "s3control"
    if scope == "elasticloadbalancing" and b"Version=2012-06-01" in body:
        service = "elb"
    if target := headers.get("x-amz-target"):
        return Operation(scope, service, target.rsplit(".", 1)[-1], identifiers(json_object(body)))
    if rpc := _RPC_PATH.search(path):
        return Operation(scope, service, rpc.group(1), {})
    fields = query
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = {**parse_qs(body.decode("utf-8", "replace")), **query}
    if "Action" in fields:
        values = {key: value[0] for key, value in fields.items() if key not in ("Action", "Version")}
        return Operation(scope, service, fields["Action"][0], identifiers(values))
    name, from_path = match_route(service, method, path, frozenset(query), query)
    return Operation(scope, service, name, {**identifiers(from_path), **identifiers(json_object(body))})


def json_object(body: bytes) -> dict:
    try:
        value = json.loads(body) if body[:1] == b"{" else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def identifiers(values: dict) -> dict:
    """The members that name a resource. Bodies, items and task tokens stay out of the log."""
    kept = {}
    for key, value in values.items():
        if not _IDENTIFIER.search(key.split(".")[0]) and not re.search(r"(?:Name|Id|Arn)(?:\.\d+)?$", key):
            continue
        if (
            isinstance(value, str)
            and len(value) <= _LONGEST_VALUE
            or isinstance(value, list)
            and value
            and all(isinstance(v, str) and len(v) <= _LONGEST_VALUE for v in value)
        ):
            kept[key] = value
    return kept


@dataclasses.dataclass(frozen=True)
class Route:
    operation: str
    method: str
    path: re.Pattern
    query: frozenset
    weight: tuple


@functools.cache
def routes(service: str) -> tuple[Route, ...]:
    """A REST service's operations, the most specific first."""
    try:
        model = api_clients.service_description(service)
    except (botocore.exceptions.UnknownServiceError, botocore.exceptions.DataNotFoundError):
        return ()
    found = []
    for name, operation in model["operations"].items():
        uri, _, query = operation["http"]["requestUri"].partition("?")
        if operation.get("deprecated") and service == "s3":
            continue
        pattern, literal = "", 0
        for part in re.split(r"(\{[^}]+\})", uri.rstrip("/") or "/"):
            if part.startswith("{"):
                greedy = part.endswith("+}")
                pattern += f"(?P<{re.sub(r'[^A-Za-z0-9_]', '_', part.strip('{+}'))}>{'.+' if greedy else '[^/]+'})"
            else:
                pattern += re.escape(part)
                literal += len(part)
        wanted = frozenset(query.split("&")) if query else frozenset()
        # A POST that copies or selects is told apart by a required query key, so more keys win before longer paths.
        found.append(Route(name, operation["http"]["method"], re.compile(f"^{pattern}/?$"), wanted, (len(wanted), literal)))
    return tuple(sorted(found, key=lambda route: route.weight, reverse=True))


def match_route(service: str, method: str, path: str, keys: frozenset, query: dict) -> tuple[str, dict]:
    present = keys | {f"{key}={values[0]}" for key, values in query.items()}
    named = (query.get("x-id") or [""])[0]
    for route in routes(service):
        if route.method != method or not route.query <= present:
            continue
        if named and route.operation != named:
            continue
        if found := route.path.match(path):
            return route.operation, {key: unquote(value) for key, value in found.groupdict().items()}
    if named:
        return named, {}
    return f"{method} {path.split('/')[1] if '/' in path else path}", {}
