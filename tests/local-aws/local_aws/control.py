"""What tests ask of the gateway itself: findings put into AWS services, faults, and what was sent by mail."""

import asyncio
import contextvars
import json
import logging

from ministack.core import responses

from local_aws import api_faults
from local_aws.settings import ACCOUNT, REGION

log = logging.getLogger("local_aws.control")

# (method, path) -> function(request: dict) -> JSON-able answer; the modules that own the feature register here.
_routes: dict = {}


def route(method: str, path: str):
    def register(function):
        _routes[(method, path)] = function
        return function

    return register


async def handle(method: str, path: str, body: bytes) -> tuple[int, dict, bytes]:
    function = _routes.get((method, path))
    if function is None:
        return answer(404, {"message": f"no such control path: {method} {path}", "paths": sorted(map(" ".join, _routes))})
    try:
        request = json.loads(body or b"{}")
        responses._request_account_id.set(request.pop("account", ACCOUNT))
        responses._request_region.set(request.pop("region", REGION))
        context = contextvars.copy_context()
        result = await asyncio.get_running_loop().run_in_executor(None, context.run, function, request)
        return answer(200, result if result is not None else {})
    except Exception as error:  # the caller is a test: it needs the reason, whatever it is
        log.exception("control %s %s", method, path)
        return answer(400, {"message": f"{type(error).__name__}: {error}"})


def answer(status: int, value) -> tuple[int, dict, bytes]:
    return status, {"content-type": "application/json"}, json.dumps(value, default=str).encode()


@route("GET", "/health")
def health(_request: dict) -> dict:
    return {"status": "ready"}


@route("POST", "/api-fault")
def order_api_fault(request: dict) -> None:
    api_faults.order(request)


@route("DELETE", "/api-fault")
def clear_api_faults(_request: dict) -> None:
    api_faults.clear()
