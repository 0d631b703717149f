"""Automation documents: read, checked, kept by account and region.

The check is stricter than AWS's: what this package cannot run is refused here, and so is what AWS would only trip over while the
document runs, such as a `nextStep` that names no step.
"""

import dataclasses
import datetime
import hashlib
import json

import yaml
from ministack.core.responses import AccountRegionScopedDict

from local_aws.automation.errors import ApiError
from local_aws.automation.expressions import TYPES, references_in

ACTIONS = (
    "aws:executeAwsApi",
    "aws:waitForAwsResourceProperty",
    "aws:assertAwsResourceProperty",
    "aws:branch",
    "aws:executeScript",
    "aws:sleep",
)
DOCUMENT_KEYS = {"schemaVersion", "description", "assumeRole", "parameters", "variables", "mainSteps", "outputs", "files"}
STEP_KEYS = {
    "name",
    "action",
    "description",
    "inputs",
    "outputs",
    "nextStep",
    "isEnd",
    "isCritical",
    "onFailure",
    "onCancel",
    "maxAttempts",
    "timeoutSeconds",
}
PARAMETER_KEYS = {
    "type",
    "description",
    "default",
    "allowedValues",
    "allowedPattern",
    "minItems",
    "maxItems",
    "minChars",
    "maxChars",
}
BUILT_IN = {
    "global:DATE",
    "global:DATE_TIME",
    "global:REGION",
    "global:ACCOUNT_ID",
    "global:AWS_PARTITION",
    "automation:EXECUTION_ID",
}


@dataclasses.dataclass
class Document:
    name: str
    content: dict
    text: str
    format: str
    version: int
    created: datetime.datetime

    @property
    def steps(self) -> list[dict]:
        return self.content["mainSteps"]

    @property
    def parameters(self) -> dict:
        return self.content.get("parameters") or {}

    def describe(self) -> dict:
        return {
            "Name": self.name,
            "DocumentType": "Automation",
            "DocumentVersion": str(self.version),
            "DefaultVersion": str(self.version),
            "LatestVersion": str(self.version),
            "DocumentFormat": self.format,
            "SchemaVersion": self.content["schemaVersion"],
            "Status": "Active",
            "CreatedDate": self.created.timestamp(),
            "Hash": hashlib.sha256(self.text.encode()).hexdigest(),
            "HashType": "Sha256",
        }


_documents = AccountRegionScopedDict()


def put(name: str, content, version: int = 1, document_format: str = "YAML") -> Document:
    """Check and keep a document; `content` is its text or, from CloudFormation, the parsed document."""
    text = content if isinstance(content, str) else json.dumps(content)
    parsed = content if isinstance(content, dict) else parse(text)
    problems = list(problems_of(parsed))
    if problems:
        raise ApiError("InvalidDocumentContent", f"{name}: " + "; ".join(problems))
    document = Document(name, parsed, text, document_format, version, datetime.datetime.now(datetime.UTC))
    _documents[name] = document
    return document


def get(name: str) -> Document | None:
    """By name or by ARN."""
    return _documents.get(name.rsplit("/", 1)[-1])


def delete(name: str) -> None:
    _documents.pop(name, None)


def names() -> list[str]:
    return sorted(_documents.keys())


def parse(text: str) -> dict:
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ApiError("InvalidDocumentContent", f"not readable: {error}") from error
    if not isinstance(parsed, dict):
        raise ApiError("InvalidDocumentContent", "the document is not a mapping")
    return parsed


def problems_of(document: dict):
    """Every reason why the document cannot run, each naming the step or parameter."""
    if str(document.get("schemaVersion")) != "0.3":
        yield f"`schemaVersion` is `{document.get('schemaVersion')}`, Automation documents have `0.3`"
    for key in sorted(set(document) - DOCUMENT_KEYS):
        yield f"`{key}` is not a key of a document"
    for key in ("variables", "files"):
        if document.get(key):
            yield f"the local AWS does not support `{key}`"
    parameters = document.get("parameters") or {}
    for name, parameter in parameters.items():
        yield from (f"parameter `{name}`: {problem}" for problem in parameter_problems(parameter))
    steps = document.get("mainSteps")
    if not isinstance(steps, list) or not steps:
        yield "`mainSteps` is empty"
        return
    known = [step.get("name") for step in steps]
    for index, step in enumerate(steps):
        name = step.get("name")
        if not isinstance(name, str) or not name:
            yield f"step {index + 1} has no name"
        elif name in known[:index]:
            yield f"step `{name}` exists twice"
        yield from (f"step `{name}`: {problem}" for problem in step_problems(step, set(known)))
    available = set(parameters) | BUILT_IN
    for name in sorted(references_in(document)):
        if name not in available and name.split(".")[0] not in known:
            yield f"`{{{{ {name} }}}}` is neither a parameter nor an output of a step"
    for output in document.get("outputs") or []:
        if output.split(".")[0] not in known or "." not in output:
            yield f"output `{output}` names no step's output"


def parameter_problems(parameter: dict):
    kind = parameter.get("type")
    if kind not in TYPES and not str(kind).startswith(("AWS::", "List<AWS::")):
        yield f"the type `{kind}` is unknown"
    for key in sorted(set(parameter) - PARAMETER_KEYS):
        yield f"`{key}` is not a key of a parameter"


def step_problems(step: dict, known: set):
    for key in sorted(set(step) - STEP_KEYS):
        yield f"`{key}` is not a key of a step, or the local AWS does not support it"
    action = step.get("action")
    if action not in ACTIONS:
        yield f"the local AWS does not run `{action}`, only {', '.join(ACTIONS)}"
        return
    failure = step.get("onFailure", "Abort")
    if failure not in ("Abort", "Continue") and not str(failure).startswith("step:"):
        yield f"`onFailure: {failure}` is none of Abort, Continue, step:<name>"
    if step.get("onCancel", "Abort") != "Abort":
        yield "the local AWS supports only `onCancel: Abort`"
    inputs = step.get("inputs") or {}
    targets = [step.get("nextStep")]
    targets += [failure[5:]] if str(failure).startswith("step:") else []
    if action == "aws:branch":
        targets += [choice.get("NextStep") for choice in inputs.get("Choices") or []] + [inputs.get("Default")]
        if not inputs.get("Choices"):
            yield "`Choices` is empty"
    for target in targets:
        if target is not None and target not in known:
            yield f"goes on to `{target}`, which is no step"
    yield from missing_inputs(action, inputs)
    if action == "aws:executeScript" and inputs.get("Runtime") not in ("python3.8", "python3.11", None):
        yield f"the local AWS runs Python scripts, not `{inputs.get('Runtime')}`"
    for output in step.get("outputs") or []:
        if set(output) - {"Name", "Selector", "Type"} or not {"Name", "Selector"} <= set(output):
            yield f"output {json.dumps(output)} needs `Name`, `Selector` and may have `Type`, nothing else"


def missing_inputs(action: str, inputs: dict):
    required = {
        "aws:executeAwsApi": ("Service", "Api"),
        "aws:waitForAwsResourceProperty": ("Service", "Api", "PropertySelector", "DesiredValues"),
        "aws:assertAwsResourceProperty": ("Service", "Api", "PropertySelector", "DesiredValues"),
        "aws:executeScript": ("Runtime", "Handler", "Script"),
    }.get(action, ())
    for name in required:
        if name not in inputs:
            yield f"the input `{name}` is missing"
