"""The AWS calls of an Automation document, checked against botocore's bundled models and the action's policy."""

import dataclasses
import functools
import json
import re

import botocore.exceptions
import botocore.session

from local_aws.iam_actions import actions_of
from local_aws.operations import Operation

_CALLING = {"aws:executeAwsApi", "aws:waitForAwsResourceProperty", "aws:assertAwsResourceProperty"}
_OWN_INPUTS = {
    "aws:executeAwsApi": {"Service", "Api"},
    "aws:waitForAwsResourceProperty": {"Service", "Api", "PropertySelector", "DesiredValues"},
    "aws:assertAwsResourceProperty": {"Service", "Api", "PropertySelector", "DesiredValues"},
}
_TYPES = {"string": str, "boolean": bool, "integer": int, "long": int, "list": list, "structure": dict, "map": dict}


@dataclasses.dataclass(frozen=True)
class Call:
    """One API operation that a document calls; `members` are the top members of its input that are given."""

    where: str
    service: str
    operation: str
    members: frozenset[str]

    def iam_actions(self) -> list[str]:
        scope = model_of(self.service).signing_name
        # Tags on a create are a second permission, which the table reads from the request's form.
        body = b"TagSpecification.1.ResourceType=any" if "TagSpecifications" in self.members else b""
        body += b"&KmsKeyId=any" if "KmsKeyId" in self.members else b""
        body = b'{"Tags": [{}]}' if "Tags" in self.members else body
        # A role in a logging configuration is passed to Bedrock.
        body = b'{"roleArn": ""}' if "loggingConfig" in self.members else body
        return actions_of(Operation(scope, self.service, self.operation, {}), {}, {}, body)


@functools.cache
def model_of(service: str):
    """botocore's model, or None for a service that there is not."""
    try:
        return botocore.session.get_session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return None


def check_api_steps(steps: list[dict]) -> tuple[list[str], list[Call]]:
    """Steps that call an API directly: what is wrong with them, and what they call."""
    findings, calls = [], []
    for step in steps:
        if step.get("action") not in _CALLING:
            continue
        where, inputs = f"step `{step.get('name')}`", step.get("inputs") or {}
        service, api = inputs.get("Service"), inputs.get("Api")
        model = model_of(service) if service else None
        if model is None:
            findings.append(f"{where}: unknown service {service!r}")
        elif api not in model.operation_names:
            findings.append(f"{where}: `{service}` has no API {api!r}")
        else:
            given = {key: value for key, value in inputs.items() if key not in _OWN_INPUTS[step["action"]]}
            operation = model.operation_model(api)
            findings += [f"{where}: {problem}" for problem in check_value(operation.input_shape, given, api)]
            selectors = [output.get("Selector", "") for output in step.get("outputs") or []]
            selectors += [inputs["PropertySelector"]] if "PropertySelector" in inputs else []
            for selector in selectors:
                problem = check_selector(operation.output_shape, selector)
                findings += [f"{where}: {problem}"] if problem else []
            calls.append(Call(where, service, api, frozenset(given)))
        if step["action"] != "aws:executeAwsApi":
            findings += [f"{where}: `{key}` is missing" for key in ("PropertySelector", "DesiredValues") if key not in inputs]
    return findings, calls


def check_value(shape, value, path: str) -> list[str]:
    """Unknown and missing members, and wrong types. What a `{{ }}` reference will be is not known here."""
    if isinstance(value, str) and "{{" in value:
        return []
    if shape is None:
        return [f"`{path}` takes no parameters"] if value else []
    expected = _TYPES.get(shape.type_name)
    if expected and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
        return [f"`{path}` is no {shape.type_name}"]
    findings = []
    if shape.type_name == "structure":
        findings += [f"`{path}` has no parameter `{name}`" for name in value if name not in shape.members]
        findings += [f"`{path}` needs `{name}`" for name in shape.required_members if name not in value]
        for name, item in value.items():
            if name in shape.members:
                findings += check_value(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            findings += check_value(shape.member, item, f"{path}[{number}]")
    return findings


def check_selector(shape, selector: str) -> str | None:
    """Whether `$.A.B[0].C` exists in the answer."""
    if not selector.startswith("$."):
        return f"selector {selector!r} does not start with `$.`"
    for name, index in re.findall(r"\.(\w+)((?:\[[^\]]*\])*)", selector):
        members = getattr(shape, "members", {})
        if name not in members:
            return f"selector `{selector}`: the answer has no `{name}`"
        shape = members[name]
        for _ in re.findall(r"\[", index):
            shape = getattr(shape, "member", None)
    return None


def check_policy(policy: dict, calls: list[Call], readme: str) -> list[str]:
    """The policy allows exactly what is called, and every wildcard has its reason in the README."""
    findings = []
    statements = policy.get("Statement", [])
    allowed = {action for one in statements if one.get("Effect") == "Allow" for action in as_list(one.get("Action"))}
    needed: dict[str, str] = {}
    for call in calls:
        for action in call.iam_actions():
            needed.setdefault(action, call.where)
    findings += [
        f"`{action}` is not allowed, but {where} calls for it"
        for action, where in sorted(needed.items())
        if action not in allowed
    ]
    findings += [f"`{action}` is allowed, but nothing calls for it" for action in sorted(allowed - set(needed))]
    for statement in statements:
        sid = statement.get("Sid", "")
        if not sid:
            findings.append(f"a statement has no `Sid`: {json.dumps(statement)[:80]}")
        if any("*" in action for action in as_list(statement.get("Action"))):
            findings.append(f"statement `{sid}` has a wildcard action")
        if "NotAction" in statement or "NotResource" in statement:
            findings.append(f"statement `{sid}` names what it leaves out, not what it allows")
        if "*" in as_list(statement.get("Resource")) and f"`{sid}`" not in readme:
            findings.append(f'statement `{sid}` has `"Resource": "*"`, and README.md gives no reason for it')
        if "iam:PassRole" in as_list(statement.get("Action")) and "iam:PassedToService" not in json.dumps(statement):
            findings.append(f"statement `{sid}` passes roles to any service")
    return findings


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
