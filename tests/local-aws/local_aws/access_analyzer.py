"""IAM Access Analyzer: an analyzer and its findings, as tests put them in. Nothing is analysed."""

import json

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from local_aws import control
from local_aws.moto_services import handlers
from local_aws.service_answers import answer_json, error_json

_findings = AccountRegionScopedDict()


async def handle(method, path, headers, body, query):
    if (method, path) == ("GET", "/analyzer"):
        return answer_json({"analyzers": analyzers()})
    if (method, path) == ("POST", "/findingv2"):
        wanted = json.loads(body).get("filter", {}).get("resource", {}).get("contains", [""])
        shown = [one for one in _findings.get("findings") or [] if any(text in one["resource"] for text in wanted)]
        return answer_json({"findings": shown})
    return error_json("ResourceNotFoundException", f"the local AWS has no {method} {path}", 404)


def analyzers() -> list[dict]:
    """One, as soon as it has found something."""
    if not _findings.get("findings"):
        return []
    arn = f"arn:aws:access-analyzer:{get_region()}:{get_account_id()}:analyzer/external"
    return [{"arn": arn, "name": "external", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2026-01-01T00:00:00Z"}]


@control.route("POST", "/access-analyzer-finding")
def keep(request: dict) -> None:
    _findings.setdefault("findings", []).append(request["finding"])


handlers["access-analyzer"] = handle
