"""Security Hub findings: import, filters, updates, and the event of each on the bus. Everything else is moto's."""

import copy
import datetime
import json

from ministack.core.responses import AccountRegionScopedDict

from local_aws import bus, control, listing
from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

_findings = AccountRegionScopedDict()
_standards_and_the_rest = handlers["securityhub"]

_MOST = 100
REQUIRED = ("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Severity", "Title")
REQUIRED += ("Description", "Resources")
# Filter -> where the finding holds the value; `[]` steps into each item of a list.
FILTERS = {
    "Id": "Id",
    "ProductArn": "ProductArn",
    "ProductName": "ProductName",
    "CompanyName": "CompanyName",
    "AwsAccountId": "AwsAccountId",
    "Region": "Region",
    "GeneratorId": "GeneratorId",
    "Type": "Types[]",
    "Title": "Title",
    "Description": "Description",
    "SeverityLabel": "Severity.Label",
    "WorkflowStatus": "Workflow.Status",
    "RecordState": "RecordState",
    "VerificationState": "VerificationState",
    "ComplianceStatus": "Compliance.Status",
    "ResourceId": "Resources[].Id",
    "ResourceType": "Resources[].Type",
    "CreatedAt": "CreatedAt",
    "UpdatedAt": "UpdatedAt",
    "FirstObservedAt": "FirstObservedAt",
    "LastObservedAt": "LastObservedAt",
}
POSITIVE = {
    "EQUALS": lambda actual, wanted: actual == wanted,
    "PREFIX": lambda actual, wanted: actual.startswith(wanted),
    "CONTAINS": lambda actual, wanted: wanted in actual,
}
NEGATIVE = {"NOT_EQUALS": "EQUALS", "PREFIX_NOT_EQUALS": "PREFIX", "NOT_CONTAINS": "CONTAINS"}
UPDATABLE = (
    "Severity",
    "VerificationState",
    "Confidence",
    "Criticality",
    "Types",
    "UserDefinedFields",
    "Workflow",
    "RelatedFindings",
)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def handle(method, path, headers, body, query):
    function = {
        ("POST", "/findings/import"): import_findings,
        ("POST", "/findings"): get_findings,
        ("PATCH", "/findings/batchupdate"): update_findings,
    }.get((method, path))
    if function is None:
        return await _standards_and_the_rest(method, path, headers, body, query)
    try:
        return answer_json(function(json.loads(body or b"{}")))
    except ValueError as error:
        return error_json("InvalidInputException", str(error))


def import_findings(request: dict) -> dict:
    failed = []
    for finding in request["Findings"]:
        missing = [name for name in REQUIRED if name not in finding]
        if missing:
            reason = f"Finding does not adhere to Amazon Finding Format. data should have required property '{missing[0]}'"
            failed.append({"Id": finding.get("Id", ""), "ErrorCode": "InvalidInput", "ErrorMessage": reason})
        else:
            put(finding)
    return {"FailedCount": len(failed), "SuccessCount": len(request["Findings"]) - len(failed), "FailedFindings": failed}


def put(finding: dict) -> dict:
    """Keep and publish a finding. What an analyst set on an earlier import of it stays, as on AWS."""
    finding = copy.deepcopy(finding)
    earlier = _findings.get(finding["Id"]) or {}
    finding["Workflow"] = earlier.get("Workflow") or finding.get("Workflow") or {"Status": "NEW"}
    finding.setdefault("RecordState", "ACTIVE")
    if "Note" in earlier:
        finding["Note"] = earlier["Note"]
    _findings[finding["Id"]] = finding
    publish(finding)
    return finding


def publish(finding: dict) -> None:
    arn = f"{finding['ProductArn']}/{finding['Id']}" if "ProductArn" in finding else finding["Id"]
    bus.publish("aws.securityhub", "Security Hub Findings - Imported", {"findings": [finding]}, [arn])


def get_findings(request: dict) -> dict:
    filters = request.get("Filters") or {}
    unknown = sorted(set(filters) - set(FILTERS))
    if unknown:
        raise ValueError(f"the local AWS does not filter findings by {', '.join(unknown)}")
    found = [finding for finding in _findings.values() if all(passes(finding, name, rules) for name, rules in filters.items())]
    (order,) = request.get("SortCriteria") or [{}]
    sorted_by = [((sort_value(finding, order.get("Field")), finding["Id"]), finding) for finding in found]
    size = listing.size_of(request.get("MaxResults"), _MOST)
    shown, following = listing.page(sorted_by, request, size, descending=order.get("SortOrder") == "desc")
    return {"Findings": shown, **({"NextToken": following} if following else {})}


def sort_value(finding: dict, field: str | None):
    """By one field, and without one as Security Hub likes; the local AWS then goes by the id alone."""
    if field is None:
        return 0
    if field not in FILTERS:
        raise ValueError(f"the local AWS does not sort findings by {field}")
    found = values_at(finding, FILTERS[field])
    if field.endswith("At"):
        return listing.millis(found[0]) if found else 0
    return found[0] if found else ""


def values_at(value, path: str) -> list:
    values = [value]
    for part in path.split("."):
        each = part.endswith("[]")
        values = [item.get(part.removesuffix("[]")) for item in values if isinstance(item, dict)]
        if each:
            values = [item for items in values for item in items or []]
    return [item for item in values if item is not None]


def passes(finding: dict, name: str, rules: list[dict]) -> bool:
    actual = values_at(finding, FILTERS[name])
    if name.endswith("At"):
        return any(is_within(listing.millis(moment), rule) for rule in rules for moment in actual)
    wanted = [rule for rule in rules if rule["Comparison"] in POSITIVE]
    unwanted = [rule for rule in rules if rule["Comparison"] in NEGATIVE]
    if len(wanted) + len(unwanted) != len(rules):
        raise ValueError(f"the local AWS does not know a comparison in the filter {name}")
    if wanted and not any(POSITIVE[rule["Comparison"]](value, rule["Value"]) for rule in wanted for value in actual):
        return False
    return not any(POSITIVE[NEGATIVE[rule["Comparison"]]](value, rule["Value"]) for rule in unwanted for value in actual)


def is_within(moment: float, rule: dict) -> bool:
    if "Start" not in rule or "End" not in rule:
        raise ValueError("the local AWS knows only date filters with a start and an end")
    return listing.millis(rule["Start"]) <= moment <= listing.millis(rule["End"])


def update_findings(request: dict) -> dict:
    done, failed = [], []
    for identifier in request["FindingIdentifiers"]:
        finding = _findings.get(identifier["Id"])
        if finding is None or finding.get("ProductArn") != identifier["ProductArn"]:
            failed.append({"FindingIdentifier": identifier, "ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"})
            continue
        finding.update({name: request[name] for name in UPDATABLE if name in request})
        if "Note" in request:
            finding["Note"] = {**request["Note"], "UpdatedAt": now()}
        done.append(identifier)
        publish(finding)
    return {"ProcessedFindings": done, "UnprocessedFindings": failed}


handlers["securityhub"] = handle


@control.route("POST", "/securityhub-finding")
def put_for_test(request: dict) -> list[dict]:
    """One finding, or an EventBridge envelope of several."""
    given = request["finding"]
    findings = (given.get("detail") or {}).get("findings") or [given]
    return [put(finding) for finding in findings]
