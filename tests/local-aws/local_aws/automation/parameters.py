"""What StartAutomationExecution accepts: every parameter known, of its type, and within its pattern or its allowed values."""

import json
import re

from local_aws.automation.errors import ApiError
from local_aws.automation.expressions import as_output

MOST_VALUES = 50
LONGEST_VALUE = 512
# The API's own limits, whatever the document allows.
MOST_VALUES = 50
LONGEST_VALUE = 512

_RESOURCE_PATTERNS = {
    "AWS::IAM::Role::Arn": r"^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role/[\w+=,.@/-]+$",
    "AWS::EC2::Instance::Id": r"^i-[0-9a-f]{8,17}$",
    "AWS::S3::Bucket::Name": r"^[0-9a-z][a-z0-9.-]{1,61}[a-z0-9]$",
}


def refuse(message: str) -> ApiError:
    return ApiError("InvalidAutomationExecutionParametersException", message)


def bind(declared: dict, given: dict) -> dict:
    """The value of each declared parameter; `given` has the API's shape, a list of strings for each name."""
    for name, values in given.items():
        if name not in declared:
            raise refuse(f'Parameter "{name}" is not defined in the document.')
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ApiError("ValidationException", f"Parameters: `{name}` must be a list of strings")
        if len(values) > MOST_VALUES or not all(0 < len(value) <= LONGEST_VALUE for value in values):
            limits = f"at most {MOST_VALUES} values of 1 to {LONGEST_VALUE} characters"
            raise ApiError("ValidationException", f"Parameters: `{name}` failed to satisfy constraint: {limits}")
        # As AWS has it, whatever the document allows: AutomationParameterValueList and AutomationParameterValue.
        if len(values) > MOST_VALUES or any(not 1 <= len(value) <= LONGEST_VALUE for value in values):
            limits = f"at most {MOST_VALUES} values of 1 to {LONGEST_VALUE} characters"
            raise ApiError("ValidationException", f"Parameters: `{name}` must have {limits}")
    bound = {}
    for name, parameter in declared.items():
        if name in given:
            value = from_api(name, parameter["type"], given[name])
        elif "default" in parameter:
            value = parameter["default"]
        else:
            raise refuse(f'Parameter "{name}" requires a value.')
        if name in given or value not in ("", [], {}):
            check(name, parameter, value)
        bound[name] = value
    return bound


def from_api(name: str, kind: str, values: list[str]):
    if kind in ("StringList",) or kind.startswith("List<"):
        return list(values)
    if len(values) != 1:
        raise refuse(f'Parameter "{name}" of type {kind} takes one value, got {len(values)}.')
    text = values[0]
    if kind in ("StringMap", "MapList"):
        try:
            return json.loads(text)
        except ValueError:
            raise refuse(f'Parameter "{name}" of type {kind} is not JSON.') from None
    if kind == "Boolean":
        if text.lower() not in ("true", "false"):
            raise refuse(f'Parameter "{name}" is not a Boolean.')
        return text.lower() == "true"
    if kind == "Integer":
        if not re.fullmatch(r"-?\d+", text):
            raise refuse(f'Parameter "{name}" is not an Integer.')
        return int(text)
    return text


def check(name: str, parameter: dict, value) -> None:
    """Patterns and allowed values hold for each item of a list, and for defaults as for given values."""
    items = value if isinstance(value, list) else [value]
    pattern = parameter.get("allowedPattern")
    kind = parameter["type"].removeprefix("List<").removesuffix(">")
    for item in items:
        text = as_output(item)[0]
        if pattern and not re.search(pattern, text):
            raise refuse(f'Parameter "{name}" does not match the allowed pattern {pattern}.')
        if kind in _RESOURCE_PATTERNS and not re.search(_RESOURCE_PATTERNS[kind], text):
            raise refuse(f'Parameter "{name}" is not of type {kind}.')
        if "allowedValues" in parameter and item not in parameter["allowedValues"]:
            raise refuse(f'Parameter "{name}" is none of the allowed values.')
    if isinstance(value, list):
        within(name, "items", len(value), parameter.get("minItems"), parameter.get("maxItems"))
    elif isinstance(value, str):
        within(name, "characters", len(value), parameter.get("minChars"), parameter.get("maxChars"))


def within(name: str, unit: str, actual: int, least, most) -> None:
    if least is not None and actual < int(least):
        raise refuse(f'Parameter "{name}" has {actual} {unit}, at least {least} are needed.')
    if most is not None and actual > int(most):
        raise refuse(f'Parameter "{name}" has {actual} {unit}, at most {most} are allowed.')
