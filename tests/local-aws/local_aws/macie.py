"""Macie: the findings that tests put in, by bucket. Nothing is looked through; its session is moto's."""

import json

from ministack.core.responses import AccountRegionScopedDict

from local_aws import control, listing
from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

_findings = AccountRegionScopedDict()
_by_moto = handlers["macie2"]
_MOST = 50


async def handle(method, path, headers, body, query):
    request = json.loads(body or b"{}") if method == "POST" else {}
    answers = {
        "/findings": list_findings,
        "/findings/describe": get_findings,
        "/datasources/s3": describe_buckets,
        "/jobs/list": lambda request: {"items": []},
    }
    if method != "POST" or path not in answers:
        return await _by_moto(method, path, headers, body, query)
    try:
        return answer_json(answers[path](request))
    except ValueError as error:
        return error_json("ValidationException", str(error))


def bucket_of(finding: dict) -> str:
    return finding.get("resourcesAffected", {}).get("s3Bucket", {}).get("name", "")


def list_findings(request: dict) -> dict:
    criteria = request.get("findingCriteria", {}).get("criterion", {})
    unknown = criteria.keys() - {"resourcesAffected.s3Bucket.name"}
    if unknown:
        raise ValueError(f"the local AWS does not know the criterion `{unknown.pop()}`")
    names = criteria.get("resourcesAffected.s3Bucket.name", {}).get("eq")
    kept = _findings.get("findings") or {}
    found = [((one.get("updatedAt", ""), key), key) for key, one in kept.items() if names is None or bucket_of(one) in names]
    newest_first = request.get("sortCriteria", {}).get("orderBy") == "DESC"
    shown, following = listing.page(found, request, listing.size_of(request.get("maxResults"), _MOST), descending=newest_first)
    return {"findingIds": shown, **({"nextToken": following} if following else {})}


def get_findings(request: dict) -> dict:
    kept = _findings.get("findings") or {}
    return {"findings": [kept[key] for key in request["findingIds"] if key in kept]}


def describe_buckets(request: dict) -> dict:
    """A bucket that a finding is about."""
    names = request.get("criteria", {}).get("bucketName", {}).get("eq", [])
    known = {bucket_of(one) for one in (_findings.get("findings") or {}).values()}
    return {"buckets": [{"bucketName": name} for name in names if name in known]}


@control.route("POST", "/macie-finding")
def keep(request: dict) -> None:
    _findings.setdefault("findings", {})[request["finding"]["id"]] = request["finding"]


handlers["macie2"] = handle
