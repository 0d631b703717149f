"""Compares what each principal may do with what it was seen doing: nothing missing, nothing unused, no wrong resource.

`compare(template, calls)` takes a template after its transforms and the calls that the local AWS recorded. A call carries the IAM
actions that AWS asks for; which resource each is asked for is worked out in `call_resources`.
"""

import dataclasses
import json
import re
from collections.abc import Iterable

from call_resources import Place, resources_of
from template_values import Values

# What SAM attaches to a function by itself: its log, and the queue behind it.
MANAGED = {
    "AWSLambdaBasicExecutionRole": {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
    "AWSLambdaSQSQueueExecutionRole": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
}
# What Step Functions does with a machine's role beside the work: it delivers logs, and follows the executions that a machine
# waits for. The local AWS does neither by calls.
BY_STEP_FUNCTIONS = re.compile(r"^(logs:.*|events:(PutTargets|PutRule|DescribeRule)|states:(DescribeExecution|StopExecution))$")
# Which sources of evidence are asked depends on what was attacked. That each of these permissions belongs to a call of a source, and
# none is left over, is held by the test of the sources.
BY_SOURCES = re.compile(r"^Evidence[A-Z]")
PRINCIPAL_OF = {
    "AWS::Lambda::Function": ("function", "FunctionName"),
    "AWS::StepFunctions::StateMachine": ("state-machine", "StateMachineName"),
}
AUTOMATION_SERVICE = "ssm.amazonaws.com"
# A role of a member account that a function of the responder assumes: a principal of its own, with permissions of its own.
MEMBER_ROLE = "Tocsin-Member-"


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement; `resources` are patterns in which `*` is any text."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    partitions: tuple[str, ...]

    def covers(self, action: str) -> bool:
        return any(matches(pattern.lower(), action.lower()) for pattern in self.actions)

    def covers_resource(self, resource: str) -> bool:
        return any(matches(pattern, resource) for pattern in self.resources)


@dataclasses.dataclass(frozen=True)
class Principal:
    kind: str
    name: str
    statements: tuple[Statement, ...]
    aside: frozenset[str]

    def __str__(self) -> str:
        return f"{self.kind} `{self.name}`"


@dataclasses.dataclass(frozen=True)
class Need:
    """One permission that one call asked for; `resource` is None where the call does not name it."""

    action: str
    resource: str | None
    partition: str | None
    service: str
    operation: str


def matches(pattern: str, text: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def compare(template: dict, calls: Iterable[dict], parameters: dict | None = None, responder: dict | None = None) -> list[str]:
    """Everything in which the policies of `template` and the recorded `calls` of its principals differ. `responder`, expanded, has the
    keys of what a stack beside it reads."""
    values = Values(template, parameters or {})
    seen: dict[tuple[str, str], set[Need]] = {}
    for call in calls:
        seen.setdefault(acting(call), set()).update(needs_of(call))
    keys = key_statements(values) + (key_statements(Values(responder, {})) if responder else [])
    findings = []
    for principal in principals(values):
        needed = seen.get((principal.kind, principal.name), set())
        if not needed:
            findings.append(f"{principal}: was never seen at work")
            continue
        findings += missing(principal, needed, keys) + unused(principal, needed)
    return findings


def acting(call: dict) -> tuple[str, str]:
    """Whose permissions a call was made with."""
    if call.get("role", "").startswith(MEMBER_ROLE):
        return "member role", call["role"]
    return call["principal"]["kind"], call["principal"]["name"]


def needs_of(call: dict) -> list[Need]:
    place = Place(call["account"], call["region"])
    partition = call["parameters"].get("PartitionKey")
    return [
        Need(action, resource, partition, call["service"], call["operation"])
        for action in call["actions"]
        for resource in resources_of(action, call["operation"], call["parameters"], place) or [None]
    ]


def missing(principal: Principal, needed: set[Need], keys: list[Statement]) -> list[str]:
    findings = []
    for need in sorted(needed, key=lambda need: (need.action, need.resource or "")):
        if need.action in principal.aside:
            continue
        allowing = [statement for statement in principal.statements if statement.allows and statement.covers(need.action)]
        if need.action.startswith("kms:") and not allowing:
            if not any(statement.covers(need.action) and need.service in statement.partitions for statement in keys):
                findings.append(f"{principal}: `{need.operation}` needs `{need.action}`, which neither its policy nor the key's allows")
        elif not allowing:
            findings.append(f"{principal}: `{need.operation}` needs `{need.action}`, which its policy does not allow")
        else:
            findings += refused(principal, need, allowing)
    return list(dict.fromkeys(findings))


def refused(principal: Principal, need: Need, allowing: list[Statement]) -> list[str]:
    if need.resource is None:
        return []
    fitting = [statement for statement in allowing if statement.covers_resource(need.resource)]
    if not fitting:
        return [f"{principal}: `{need.action}` on `{need.resource}` is outside the resources that its policy names"]
    if need.partition and not any(fits_partition(statement, need.partition) for statement in fitting):
        return [f"{principal}: `{need.action}` on keys `{need.partition}` is outside the `LeadingKeys` of its policy"]
    denying = [statement for statement in principal.statements if not statement.allows and statement.covers(need.action)]
    return [
        f"{principal}: `{need.action}` on `{need.resource}` is denied by `{statement.sid}`"
        for statement in denying
        if statement.covers_resource(need.resource)
    ]


def fits_partition(statement: Statement, partition: str) -> bool:
    return not statement.partitions or any(matches(pattern, partition) for pattern in statement.partitions)


def unused(principal: Principal, needed: set[Need]) -> list[str]:
    """Actions that nothing used, and resources on which nothing used an action although the calls name theirs."""
    findings = []
    for statement in principal.statements:
        if principal.kind == "member role" and BY_SOURCES.match(statement.sid):
            continue
        for action in statement.actions if statement.allows else ():
            if principal.kind == "state-machine" and BY_STEP_FUNCTIONS.match(action):
                continue
            used = [need for need in needed if matches(action.lower(), need.action.lower())]
            if not used:
                findings.append(f"{principal}: `{action}` is allowed, but was never used")
            elif names_all(used) and not any(statement.covers_resource(need.resource) for need in used):
                findings.append(f"{principal}: `{action}` is allowed on {', '.join(statement.resources)}, but was never used there")
    return findings


def names_all(used: list[Need]) -> bool:
    """Whether the calls name every resource that they act on. A change in EC2 also acts on what it makes."""
    return all(need.resource and not need.action.startswith("ec2:") for need in used)


def principals(values: Values) -> list[Principal]:
    """Functions and state machines by the role that they name; roles that Systems Manager or a function of another account assumes
    by their own name."""
    found = []
    for logical_id, resource in values.resources.items():
        properties = resource.get("Properties", {})
        kind, name_property = PRINCIPAL_OF.get(resource["Type"], ("", ""))
        if kind:
            role = values.logical_id_of(properties.get("Role") or properties.get("RoleArn"))
            found.append(of_role(values, kind, values.text(properties[name_property]), role))
        elif resource["Type"] == "AWS::IAM::Role" and AUTOMATION_SERVICE in json.dumps(properties["AssumeRolePolicyDocument"]):
            found.append(of_role(values, "automation", values.text(properties["RoleName"]), logical_id))
        elif resource["Type"] == "AWS::IAM::Role" and str(properties.get("RoleName", "")).startswith(MEMBER_ROLE):
            found.append(of_role(values, "member role", properties["RoleName"], logical_id))
    return found


def of_role(values: Values, kind: str, name: str, role: str) -> Principal:
    properties = values.resources[role]["Properties"]
    attached = {arn.rsplit("/", 1)[-1] for arn in map(values.text, properties.get("ManagedPolicyArns", []))}
    aside = frozenset(action for managed in attached for action in MANAGED.get(managed, ()))
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    own = [one["Properties"] for one in values.resources.values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    documents += [policy["PolicyDocument"] for policy in own if role in map(values.logical_id_of, policy.get("Roles", []))]
    return Principal(kind, name, tuple(statement for document in documents for statement in statements_of(values, document)), aside)


def statements_of(values: Values, document: dict) -> list[Statement]:
    found = []
    for statement in as_list(document["Statement"]):
        partitions: list[str] = []
        for condition in statement.get("Condition", {}).values():
            partitions += [values.text(key) for key in as_list(condition.get("dynamodb:LeadingKeys", []))]
        found.append(
            Statement(
                sid=statement.get("Sid", ""),
                allows=statement["Effect"] == "Allow",
                actions=tuple(as_list(statement["Action"])),
                resources=tuple(values.text(resource) for resource in as_list(statement["Resource"])),
                partitions=tuple(partitions),
            )
        )
    return found


def key_statements(values: Values) -> list[Statement]:
    """What every principal of the account may do with a key through a service: `partitions` holds those services."""
    found = []
    for resource in values.resources.values():
        if resource["Type"] != "AWS::KMS::Key":
            continue
        for statement in as_list(resource["Properties"]["KeyPolicy"]["Statement"]):
            via = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])
            services = tuple(values.text(service).split(".")[0] for service in as_list(via))
            if statement["Effect"] == "Allow" and statement.get("Principal") == {"AWS": "*"} and services:
                found.append(Statement(statement.get("Sid", ""), True, tuple(as_list(statement["Action"])), ("*",), services))
    return found


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def wildcards_without_a_reason(text: str, name: str) -> list[str]:
    """`Resource: "*"` in a template as written: a comment must stand on the line, or right above its statement."""
    findings = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not re.search(r"""Resource:.*(["'\[ ]\*["'\],]|:::\*["'])""", line) or "#" in line:
            continue
        start = number
        while start > 0 and not re.match(r"\s*- (Sid|Effect):", lines[start]):
            start -= 1
        if not lines[start - 1].lstrip().startswith("#"):
            findings.append(f"{name}:{number + 1}: `{line.strip()}` has no reason beside it or above its statement")
    return findings
