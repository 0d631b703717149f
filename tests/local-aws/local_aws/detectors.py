"""Detectors of GuardDuty where moto differs: filters are listed, and an update changes only the features that it names."""

import json
import re

from ministack.core.responses import get_account_id, get_region

from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json

_DETECTOR = re.compile(r"^/detector/([^/]+)$")
_FILTERS = re.compile(r"^/detector/([^/]+)/filter$")
_by_moto = handlers["guardduty"]


async def handle(method, path, headers, body, query):
    if method == "GET" and (found := _FILTERS.match(path)):
        return answer_json({"filterNames": filter_names(found.group(1))})
    if method == "POST" and _DETECTOR.match(path):
        body = await with_other_features(path, headers, body)
    return await _by_moto(method, path, headers, body, query)


def filter_names(detector: str) -> list[str]:
    from moto.guardduty.models import guardduty_backends

    known = guardduty_backends[get_account_id()][get_region()].detectors.get(detector)
    return sorted(known.filters) if known else []


async def with_other_features(path: str, headers: dict, body: bytes) -> bytes:
    """moto puts the features of an update in the place of all there were."""
    request = json.loads(body or b"{}")
    if "features" not in request:
        return body
    status, _headers, answer = await _by_moto("GET", path, headers, b"", {})
    found = json.loads(answer).get("features", []) if status == 200 else []
    features = {one["name"]: one for one in found}
    for one in request["features"]:
        parts = {part["name"]: part for part in features.get(one["name"], {}).get("additionalConfiguration", [])}
        parts |= {part["name"]: part for part in one.get("additionalConfiguration", [])}
        features[one["name"]] = {**one, **({"additionalConfiguration": list(parts.values())} if parts else {})}
    return json.dumps({**request, "features": list(features.values())}).encode()


handlers["guardduty"] = handle
