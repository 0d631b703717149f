"""`aws-sdk:` tasks of state machines, of any service: made by botocore, with the state machine's credentials, at the front door."""

import datetime
import json

import botocore.exceptions
from ministack.core.responses import get_region
from ministack.services import stepfunctions as engine

from local_aws import api_clients, plug
from local_aws.state_machines import CALLBACK, ExecutionError, current_machine

prefixes = plug.table(engine, "_AWS_SDK_ERROR_PREFIX", "sfn", "s3")

# Step Functions' name of a service -> botocore's, where they differ.
NAMES = {
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "elasticloadbalancingv2": "elbv2",
    "ssmincidents": "ssm-incidents",
}


@plug.replaces(engine, "_invoke_aws_sdk_integration", "resource", "input_data")
def call(_original, resource, arguments):
    _arn, _aws, _states, _region, _account, _sdk, name, action = resource.removesuffix(CALLBACK).split(":")
    machine = current_machine()
    if machine is None:
        raise ExecutionError("States.Runtime", f"{resource} outside of an execution")
    _principal, keys = machine
    try:
        known_as = NAMES.get(name.lower(), name.lower())
        service = api_clients.client(known_as, get_region(), keys.access_key, keys.secret_key, keys.session_token)
    except botocore.exceptions.UnknownServiceError as error:
        raise ExecutionError("States.Runtime", f"{resource}: {error}") from error
    model = service.meta.service_model
    operation = {known.lower(): known for known in model.operation_names}.get(action.lower())
    if operation is None or action[0] != action[0].lower():
        raise ExecutionError("States.Runtime", f"`{name}` has no action `{action}`")
    shape = model.operation_model(operation).input_shape
    try:
        answer = service._make_api_call(operation, to_api(shape, arguments or {}) if shape else {})
    except botocore.exceptions.ClientError as error:
        raise ExecutionError(f"{prefix(model)}.{error_name(error)}", str(error)) from error
    except botocore.exceptions.HTTPClientError as error:
        raise ExecutionError(f"{prefix(model)}.SdkClientException", str(error)) from error
    except botocore.exceptions.ParamValidationError as error:
        raise ExecutionError("States.Runtime", str(error)) from error
    answer.pop("ResponseMetadata", None)
    return from_api(answer)


def prefix(model) -> str:
    """The service's part of an error name: the SDK for Java's class prefix, `DynamoDb` for `DynamoDB`."""
    name = next((ours for ours, botocores in NAMES.items() if botocores == model.service_name), model.service_name)
    return prefixes.get(name) or "".join(word.capitalize() if word.isupper() else word for word in model.service_id.split())


def error_name(error: botocore.exceptions.ClientError) -> str:
    code = error.response["Error"].get("Code") or "Exception"
    return code if code.endswith(("Exception", "Fault")) else f"{code}Exception"


def to_api(shape, value):
    """Members as the model writes them; Step Functions writes all of them in PascalCase."""
    if value is None:
        return None
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        return {members.get(key.lower(), key): to_member(shape, members, key, item) for key, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [to_api(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_api(shape.value, item) for key, item in value.items()}
    # A document where the API takes text or bytes is sent as JSON, as Step Functions does.
    if shape.type_name in ("blob", "string") and not isinstance(value, (str, bytes)):
        return json.dumps(value)
    return value


def to_member(shape, members: dict, key: str, value):
    name = members.get(key.lower())
    return to_api(shape.members[name], value) if name else value


def from_api(value):
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: from_api(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_api(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if hasattr(value, "read"):
        value = value.read()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
