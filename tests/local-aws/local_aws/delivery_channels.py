"""Delivery channels of AWS Config: they can be deleted, and a recorder needs one to start."""

import json

from ministack.services import config

from local_aws import plug
from local_aws.moto_services import handlers
from local_aws.service_answers import error_json

channels = plug.take(config, "_delivery_channels")
recorders = plug.take(config, "_recorders")
_everything_else = handlers["config"]


async def handle(method, path, headers, body, query):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if operation == "DeleteDeliveryChannel":
        return delete(json.loads(body)["DeliveryChannelName"])
    if operation == "StartConfigurationRecorder" and not list(channels.values()):
        return error_json("NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder.")
    return await _everything_else(method, path, headers, body, query)


def delete(name: str):
    if channels.get(name) is None:
        return error_json("NoSuchDeliveryChannelException", f"Cannot find delivery channel with specified name '{name}'.")
    if any(recorder.get("recording") for recorder in recorders.values()):
        wrong = f"Failed to delete last specified delivery channel with name '{name}', because there is a running configuration recorder."
        return error_json("LastDeliveryChannelDeleteFailedException", wrong)
    del channels[name]
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, b""


handlers["config"] = handle
