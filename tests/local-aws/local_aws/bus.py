"""Events of AWS services on the default bus.

PutEvents refuses sources that start with `aws.`, as AWS does. The local services publish through here instead, and so do tests that
stand in for a service that is not emulated.
"""

import json

from ministack.core import responses
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge

from local_aws import control, plug

put_events = plug.take(eventbridge, "_put_events", "data", "allow_aws_source")
dispatch = plug.take(eventbridge, "_dispatch_event", "event", "view")

# While it is cut, what services publish is lost, as when a rule is switched off.
_is_cut = False


def publish(source: str, detail_type: str, detail: dict, resources: list[str] | None = None) -> None:
    if not source.startswith("aws."):
        raise ValueError(f"`{source}` is not a service of AWS; put its events on the bus with PutEvents")
    if _is_cut:
        return
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources or []}
    _status, _headers, body = put_events({"Entries": [entry]}, allow_aws_source=True)
    answer = json.loads(body)
    if answer.get("FailedEntryCount"):
        raise ValueError(f"the bus refused the event: {answer['Entries']}")


@plug.replaces(eventbridge, "_dispatch_to_event_bus", "spec", "event", "rule", "event_path", "target_input_payload")
def to_bus(original, spec, event, rule, event_path, target_input_payload=None):
    """Also a bus of another account or region, which ministack does not reach. The event keeps where it comes from."""
    here = (get_account_id(), get_region())
    if (spec.account_id, spec.region) == here:
        return original(spec, event, rule, event_path, target_input_payload)
    origin = dict(zip(("Account", "Region"), here, strict=True))
    with responses.request_scope(spec.account_id, spec.region):
        dispatch({**origin, **event, "EventBusName": spec.resource.split("/", 1)[1]})


@control.route("POST", "/service-event")
def publish_for_test(request: dict) -> None:
    """An EventBridge envelope of a service, as a test or the demo holds it."""
    publish(request["source"], request["detail-type"], request["detail"], request.get("resources"))


@control.route("POST", "/bus")
def cut_for_test(request: dict) -> None:
    global _is_cut
    _is_cut = bool(request["cut"])
