"""The history of AWS Config: the configuration items that tests put in. Nothing is recorded by itself."""

import datetime
import json

from ministack.core.responses import AccountRegionScopedDict

from local_aws import control
from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

_items = AccountRegionScopedDict()
_everything_else = handlers["config"]


async def handle(method, path, headers, body, query):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if operation == "ListDiscoveredResources":
        return answer_json({"resourceIdentifiers": discovered(json.loads(body))})
    if operation == "GetResourceConfigHistory":
        return history(json.loads(body))
    return await _everything_else(method, path, headers, body, query)


def items() -> list[dict]:
    return list(_items.get("items") or [])


def discovered(request: dict) -> list[dict]:
    """Each resource once, as its last item shows it; a deleted one only where it is asked for."""
    found = {}
    for item in sorted(items(), key=lambda item: item["configurationItemCaptureTime"]):
        wanted_name, wanted_ids = request.get("resourceName"), request.get("resourceIds")
        same = item["resourceType"] == request["resourceType"] and wanted_name in (None, item.get("resourceName"))
        if same and (wanted_ids is None or item["resourceId"] in wanted_ids):
            found[item["resourceId"]] = item
    names = ("resourceType", "resourceId", "resourceName")
    deleted = lambda item: item.get("configurationItemStatus") == "ResourceDeleted"  # noqa: E731
    shown = [item for item in found.values() if request.get("includeDeletedResources") or not deleted(item)]
    return [{name: item[name] for name in names if name in item} for item in shown]


def history(request: dict) -> tuple[int, dict, bytes]:
    of_it = [item for item in items() if (item["resourceType"], item["resourceId"]) == (request["resourceType"], request["resourceId"])]
    if not of_it:
        wrong = f"Resource {request['resourceId']} of resourceType:{request['resourceType']} is unknown or has not been discovered"
        return error_json("ResourceNotDiscoveredException", wrong)
    earliest, latest = float(request.get("earlierTime") or 0), float(request.get("laterTime") or 1e12)
    shown = [item for item in of_it if earliest <= item["configurationItemCaptureTime"] <= latest]
    shown.sort(key=lambda item: item["configurationItemCaptureTime"], reverse=request.get("chronologicalOrder") != "Forward")
    first, size = int(request.get("nextToken") or 0), int(request.get("limit") or 10)
    following = {"nextToken": str(first + size)} if first + size < len(shown) else {}
    return answer_json({"configurationItems": shown[first : first + size], **following})


@control.route("POST", "/configuration-item")
def record(request: dict) -> None:
    """`configurationItemCaptureTime` is a moment in ISO 8601."""
    item = request["item"]
    moment = datetime.datetime.fromisoformat(item["configurationItemCaptureTime"].replace("Z", "+00:00"))
    _items.setdefault("items", []).append({**item, "configurationItemCaptureTime": moment.timestamp()})


handlers["config"] = handle
