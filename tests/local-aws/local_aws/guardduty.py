"""GuardDuty findings: kept, read back, archived, and published on the bus when they appear. Detectors are moto's."""

import copy
import json
import re
import uuid

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from local_aws import api_clients, bus, control, listing
from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

_PATH = re.compile(r"^/detector/([^/]+)/findings(/create|/get|/archive|/unarchive)?$")
_TIMES = ("createdAt", "updatedAt")
_MOST = 50
_findings = AccountRegionScopedDict()
_detectors_and_the_rest = handlers["guardduty"]

COMPARISONS = {
    "eq": lambda value, wanted: value in wanted,
    "neq": lambda value, wanted: value not in wanted,
    "gt": lambda value, wanted: float(value) > wanted,
    "gte": lambda value, wanted: float(value) >= wanted,
    "lt": lambda value, wanted: float(value) < wanted,
    "lte": lambda value, wanted: float(value) <= wanted,
}
SYNONYMS = {
    "equals": "eq",
    "notEquals": "neq",
    "greaterThan": "gt",
    "greaterThanOrEqual": "gte",
    "lessThan": "lt",
    "lessThanOrEqual": "lte",
}


async def handle(method, path, headers, body, query):
    found = _PATH.match(path)
    if not found or method != "POST":
        return await _detectors_and_the_rest(method, path, headers, body, query)
    request = json.loads(body or b"{}")
    operation = found.group(2)
    if operation == "/create":
        for kind in request.get("findingTypes") or ["UnauthorizedAccess:EC2/SSHBruteForce"]:
            put(sample(kind, found.group(1)))
        return answer_json({})
    if operation == "/get":
        if len(request["findingIds"]) > _MOST:
            return error_json("BadRequestException", f"at most {_MOST} findings at once")
        return answer_json({"findings": sorted_as_asked(request)})
    if operation:
        for key in request["findingIds"]:
            if key in _findings:
                _findings[key].setdefault("service", {})["archived"] = operation == "/archive"
        return answer_json({})
    try:
        return answer_json(list_findings(request))
    except ValueError as error:
        return error_json("BadRequestException", str(error))


def sorted_as_asked(request: dict) -> list[dict]:
    found = [_findings[key] for key in request["findingIds"] if key in _findings]
    order = request.get("sortCriteria") or {}
    if by := order.get("attributeName"):
        found.sort(key=lambda finding: value_at(finding, by) or 0, reverse=order.get("orderBy") == "DESC")
    return found


def list_findings(request: dict) -> dict:
    criteria = (request.get("findingCriteria") or {}).get("criterion") or {}
    order = request.get("sortCriteria") or {}
    by = order.get("attributeName")
    found = [((value_at(finding, by) or 0 if by else 0, key), key) for key, finding in _findings.items() if matches(finding, criteria)]
    size = listing.size_of(request.get("maxResults"), _MOST)
    shown, following = listing.page(found, request, size, descending=order.get("orderBy") == "DESC")
    return {"findingIds": shown, "nextToken": following or ""}


def value_at(finding: dict, field: str):
    """What a condition compares or a list is sorted by: times are milliseconds since 1970."""
    value = finding
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return listing.millis(value) if field in _TIMES and value is not None else value


def matches(finding: dict, criteria: dict) -> bool:
    for field, conditions in criteria.items():
        value = value_at(finding, field)
        for name, wanted in conditions.items():
            compare = COMPARISONS.get(SYNONYMS.get(name, name))
            if compare is None:
                raise ValueError(f"the local AWS does not know the condition `{name}`")
            shown = str(value).lower() if isinstance(value, bool) else value
            if value is None or not compare(shown if isinstance(shown, (int, float)) else str(shown), wanted):
                return False
    return True


def to_wire(shape, value):
    """A finding with the member names that the API and the bus use, from either of the two ways AWS writes them."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): (member.serialization.get("name", name), member) for name, member in shape.members.items()}
        members |= {wire.lower(): (wire, member) for wire, member in list(members.values())}
        renamed = {}
        for key, item in value.items():
            wire, member = members.get(key.lower(), (key, None))
            renamed[wire] = to_wire(member, item) if member is not None else item
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [to_wire(shape.member, item) for item in value]
    return value


def put(finding: dict) -> dict:
    """Keep a finding and publish it. Putting it again is GuardDuty's update of the same finding."""
    finding = copy.deepcopy(finding.get("detail") or finding)
    finding = to_wire(api_clients.model("guardduty").shape_for("Finding"), finding)
    if not isinstance(finding.get("id"), str):
        raise ValueError("a GuardDuty finding needs an `id`")
    finding.setdefault("service", {}).setdefault("archived", False)
    _findings[finding["id"]] = finding
    bus.publish("aws.guardduty", "GuardDuty Finding", finding)
    return finding


def sample(kind: str, detector: str) -> dict:
    identifier = uuid.uuid4().hex
    return {
        "schemaVersion": "2.0",
        "accountId": get_account_id(),
        "region": get_region(),
        "partition": "aws",
        "id": identifier,
        "arn": f"arn:aws:guardduty:{get_region()}:{get_account_id()}:detector/{detector}/finding/{identifier}",
        "type": kind,
        "severity": 8,
        "title": f"[SAMPLE] {kind}",
        "description": "A sample finding of the local AWS.",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "resource": {"resourceType": "Instance", "instanceDetails": {"instanceId": "i-99999999"}},
        "service": {"serviceName": "guardduty", "detectorId": detector, "archived": False, "additionalInfo": {"sample": True}},
    }


handlers["guardduty"] = handle


@control.route("POST", "/guardduty-finding")
def put_for_test(request: dict) -> dict:
    return put(request["finding"])
