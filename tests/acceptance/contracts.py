"""What belongs together in different files, held together: functions, state machines, settings, keys of the table.

Each check takes the repository's root and answers what does not fit, by name. `library_contracts` has the rest.
"""

import json
import pathlib
import re
import tomllib
import typing

from asl import Machine, State, load_all
from cloudformation_yaml import security_account
from function_table import scheduled

LIBRARIES = {"incident", "platform", "cli"}
LONGEST_MAIN = 35
SETTING = re.compile(r'(?:given|required(?:_number)?(?:::<\w+>)?)\(\s*"(\w+)"\s*,?\s*\)')
FUNCTION_TYPE, MACHINE_TYPE = "AWS::Serverless::Function", "AWS::Serverless::StateMachine"
# It may be cut short, so that it never holds containment up; the function goes on and its work is kept.
CUT_SHORT = {("incident-response", "PreserveEvidence")}
# A function that waits for a token has answered long before the state ends.
CALLBACK = ".waitForTaskToken"


def pascal(name: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[-_]", name))


def responder(root: pathlib.Path) -> dict:
    """The template; a function that names a role of the template has the role's policies."""
    template = security_account(root)
    for function in of_type(template, FUNCTION_TYPE).values():
        if "Role" in function:
            role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
            function["Policies"] = [policy["PolicyDocument"] for policy in role["Policies"]]
    return template


def of_type(template: dict, kind: str) -> dict[str, dict]:
    return {name: body["Properties"] for name, body in template["Resources"].items() if body["Type"] == kind}


def crates(root: pathlib.Path) -> list[pathlib.Path]:
    folders = sorted(path for path in (root / "functions").iterdir() if path.is_dir() and path.name not in LIBRARIES)
    return [folder for folder in folders if any(folder.iterdir())]


def function_faults(root: pathlib.Path) -> list[str]:
    """One crate, one function, one name."""
    findings = []
    functions = of_type(responder(root), FUNCTION_TYPE)
    for folder in crates(root):
        logical_id = f"{pascal(folder.name)}Function"
        findings += crate_faults(folder)
        properties = functions.pop(logical_id, None)
        if properties is None:
            findings.append(f"functions/{folder.name}: infra/responder.yaml has no `{logical_id}`")
            continue
        expected = {"FunctionName": f"tocsin-{folder.name}", "CodeUri": f"../target/lambda/{folder.name}/"}
        for key, value in expected.items():
            if properties.get(key) != value:
                findings.append(f"{logical_id}: `{key}` is `{properties.get(key)}`, not `{value}`")
        if not properties.get("Description"):
            findings.append(f"{logical_id}: no `Description`")
    return findings + [f"{logical_id}: there is no crate for it in functions/" for logical_id in functions]


def crate_faults(folder: pathlib.Path) -> list[str]:
    where = f"functions/{folder.name}"
    findings = [f"{where}: `src/{name}` is missing" for name in ("main.rs", "lib.rs") if not (folder / "src" / name).is_file()]
    manifest = folder / "Cargo.toml"
    if not manifest.is_file():
        return [*findings, f"{where}: `Cargo.toml` is missing"]
    package = tomllib.loads(manifest.read_text(encoding="utf-8"))["package"]["name"]
    if package != folder.name:
        findings.append(f"{where}: the crate is called `{package}`")
    if not findings:
        lines = len((folder / "src" / "main.rs").read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MAIN:
            findings.append(f"{where}: `src/main.rs` has {lines} lines; it only wires, in {LONGEST_MAIN} at most")
    return findings


def state_faults(root: pathlib.Path) -> list[str]:
    """A state has the name of the function that it calls; every function is called by a state or has a trigger of its own."""
    template = responder(root)
    functions = of_type(template, FUNCTION_TYPE)
    machines = load_all(root / "statemachines")
    findings, called = [], set()
    for machine in machines.values():
        for state in machine.tasks():
            function = state.function()
            if function is None:
                continue
            logical_id = function.removeprefix("${").removesuffix("Arn}")
            called.add(logical_id)
            if logical_id not in functions:
                findings.append(f"{machine.name}: `{state.name}` calls `{function}`, which is no function of the template")
                continue
            findings += name_faults(machine, state, logical_id) + duration_faults(machine, state, template, functions[logical_id])
    called |= scheduled(list(of_type(template, "AWS::IAM::Role").values()))
    for logical_id, properties in functions.items():
        triggered = "Events" in properties or "FunctionUrlConfig" in properties
        if logical_id not in called and not triggered:
            findings.append(f"{logical_id}: no state calls it, and it has no trigger")
    return findings


def name_faults(machine: Machine, state: State, logical_id: str) -> list[str]:
    name = logical_id.removesuffix("Function")
    fits = re.fullmatch(r"PageOperatorAbout[A-Z]\w+", state.name) if name == "PageOperator" else state.name == name
    return [] if fits else [f"{machine.name}: the state that calls `{logical_id}` is called `{state.name}`"]


def duration_faults(machine: Machine, state: State, template: dict, properties: dict) -> list[str]:
    """A state that ends before its function does calls finished work a failure."""
    function_seconds = properties.get("Timeout", template.get("Globals", {}).get("Function", {}).get("Timeout", 3))
    state_seconds = state.body.get("TimeoutSeconds")
    waits = CALLBACK in state.body["Resource"]
    if waits or not isinstance(state_seconds, int) or (machine.name, state.name) in CUT_SHORT or state_seconds > function_seconds:
        return []
    return [f"{machine.name}: `{state.name}` ends after {state_seconds} s, its function only after {function_seconds} s"]


def machine_faults(root: pathlib.Path) -> list[str]:
    """Names, substitutions, policies and alarms of the state machines."""
    template = responder(root)
    machines = load_all(root / "statemachines")
    deployed = of_type(template, MACHINE_TYPE)
    findings = []
    for name, machine in machines.items():
        logical_id = f"{pascal(name)}StateMachine"
        properties = deployed.pop(logical_id, None)
        if properties is None:
            findings.append(f"{name}: infra/responder.yaml has no `{logical_id}`")
            continue
        if properties.get("Name") != f"tocsin-{name}":
            findings.append(f"{logical_id}: `Name` is `{properties.get('Name')}`, not `tocsin-{name}`")
        problems = substituted_wrongly(properties) + policy_faults(machine, with_policies(template, properties))
        findings += [f"{logical_id}: {problem}" for problem in problems]
        findings += alarm_faults(template, logical_id)
    return findings + [f"{logical_id}: there is no definition for it in statemachines/" for logical_id in deployed]


def with_policies(template: dict, properties: dict) -> dict:
    """The properties of a machine with those policies that its role has, where that has a name by which other accounts let it in."""
    role = properties.get("Role", {}).get("Fn::GetAtt", [None])[0]
    if role is None:
        return properties
    policies = template["Resources"][role]["Properties"].get("Policies", [])
    return {**properties, "Policies": [policy["PolicyDocument"] for policy in policies]}


def substituted_wrongly(properties: dict) -> list[str]:
    findings = []
    for key, value in properties.get("DefinitionSubstitutions", {}).items():
        target = key.removesuffix("Arn")
        # What is no ARN is a parameter of the template, of the same name.
        expected = [{"Ref": "AWS::Partition"} if key == "Partition" else {"Ref": key}]
        if target.endswith("StateMachine"):
            expected = [{"Ref": target}, {"Fn::Sub": written_out(target)}]
        elif target != key:
            expected = [{"Fn::GetAtt": [target, "Arn"]}]
        if value not in expected:
            findings.append(f"`{key}` is substituted by {json.dumps(value)}")
    return findings


def written_out(logical_id: str) -> str:
    """The ARN of a machine by its name, for two machines that start each other: neither can be made before the other."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", logical_id.removesuffix("StateMachine")).lower()
    return f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:tocsin-{name}"


def policy_faults(machine: Machine, properties: dict) -> list[str]:
    """A machine may call what its definition calls, and nothing else: so only one machine can call `send-notice`."""
    findings = []
    written = machine.substitutions()
    needed = {
        "lambda:InvokeFunction": {name.removesuffix("Arn") for name in written if name.endswith("FunctionArn")},
        "states:StartExecution": {name.removesuffix("Arn") for name in written if name.endswith("StateMachineArn")},
    }
    if any(state.is_distributed for state in machine.states.values()):
        # The items of such a Map are executions of the machine itself.
        needed["states:StartExecution"].add(f"{pascal(machine.name)}StateMachine")
    for action, expected in needed.items():
        allowed = {target_of(resource) for resource in resources_of(properties, action)}
        findings += [f"may not `{action}` on `{name}`, which it calls" for name in sorted(expected - allowed)]
        findings += [f"may `{action}` on `{name}`, which it never calls" for name in sorted(allowed - expected)]
    return findings


def resources_of(properties: dict, action: str) -> list:
    statements = [statement for policy in properties.get("Policies", []) for statement in policy["Statement"]]
    found = []
    for statement in statements:
        if statement["Effect"] == "Allow" and action in as_list(statement["Action"]):
            found += as_list(statement["Resource"])
    return found


def target_of(resource) -> str:
    """The logical id that a policy's resource points at, or the resource as it is written."""
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        return resource["Fn::GetAtt"][0]
    if isinstance(resource, dict) and "Ref" in resource:
        return resource["Ref"]
    text = resource["Fn::Sub"] if isinstance(resource, dict) and "Fn::Sub" in resource else str(resource)
    logical_id = f"{pascal(text.rsplit(':tocsin-', 1)[-1])}StateMachine"
    return logical_id if text == written_out(logical_id) else text


def alarm_faults(template: dict, logical_id: str) -> list[str]:
    """What escapes every catcher is heard through an alarm on the executions."""
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        metrics = [metric["MetricStat"]["Metric"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric]
        watched = {metric["MetricName"] for metric in metrics if metric["Dimensions"][0]["Value"] == {"Ref": logical_id}}
        pages = {"Ref": "OperatorTopic"} in alarm.get("AlarmActions", [])
        if watched == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} and pages:
            return []
    return [f"{logical_id}: no alarm pages when an execution fails, times out or is aborted"]


def setting_faults(root: pathlib.Path) -> list[str]:
    """What a function reads from its environment is what the template puts there."""
    template = responder(root)
    everywhere = set(environment_of(template.get("Globals", {}).get("Function", {})))
    findings = []
    for folder in crates(root):
        logical_id = f"{pascal(folder.name)}Function"
        given = everywhere | set(environment_of(of_type(template, FUNCTION_TYPE).get(logical_id, {})))
        read = {name for path in sorted((folder / "src").rglob("*.rs")) for name in SETTING.findall(path.read_text(encoding="utf-8"))}
        read = {name for name in read if not name.startswith("AWS_")}
        findings += [f"{logical_id}: the crate reads `{name}`, which the template does not set" for name in sorted(read - given)]
        findings += [f"{logical_id}: the template sets `{name}`, which the crate does not read" for name in sorted(given - read)]
    return findings


def environment_of(properties: dict) -> dict:
    return properties.get("Environment", {}).get("Variables", {})


def queue_faults(root: pathlib.Path) -> list[str]:
    """A message must stay invisible for six times as long as its function may run (the Lambda developer guide's rule)."""
    template = responder(root)
    queue = of_type(template, "AWS::SQS::Queue")["FindingsQueue"]
    properties = of_type(template, FUNCTION_TYPE).get("ReceiveFindingFunction", {})
    seconds = properties.get("Timeout", template["Globals"]["Function"]["Timeout"])
    if queue["VisibilityTimeout"] >= 6 * seconds:
        return []
    return [f"FindingsQueue: `VisibilityTimeout` is {queue['VisibilityTimeout']}, less than six times {seconds}"]


def partitions_of(records: str) -> dict[str, str]:
    """`Key::finding` -> `FINDING#*`: how the constructors of keys begin their partition."""
    shared = re.search(r'^(?:pub\(super\) )?fn incident\(.*?"([^"]+)"', records, re.DOTALL | re.MULTILINE)
    found = {}
    for kind, body in re.findall(r"^impl (Key|Listing) \{(.*?)^\}", records, re.DOTALL | re.MULTILINE):
        for name, code in re.findall(r"pub fn (\w+)\((.*?)(?=pub fn |\Z)", body, re.DOTALL):
            written = re.search(r'(?:Self::new\(|partition: )\s*(?:format!\(\s*)?(?:"([^"]*)"|(?:key::)?incident\()', code)
            if written:
                pattern = written.group(1) if written.group(1) is not None else (shared.group(1) if shared else "")
                found[f"{kind}::{name}"] = re.sub(r"\{.*$", "*", pattern)
    return found


def partition_faults(root: pathlib.Path) -> list[str]:
    """A function may touch the partitions of the table that its code names, and no others. The local AWS does not enforce it."""
    records = root / "functions/incident/src/records"
    partitions = partitions_of("".join((records / name).read_text(encoding="utf-8") for name in ("key.rs", "mod.rs")))
    template = responder(root)
    holders = {folder: f"{pascal(folder.name)}Function" for folder in crates(root)} | {root / "functions/cli": "LegalReviewerPolicy"}
    findings, callers = [], core_callers(root)
    for folder, logical_id in holders.items():
        code = "".join(path.read_text(encoding="utf-8") for path in sorted((folder / "src").rglob("*.rs")))
        code += "".join(called_of_core(code, callers))
        used = {partitions[name] for name in re.findall(r"\b((?:Key|Listing)::\w+)\b", code) if name in partitions}
        allowed = leading_keys(template["Resources"].get(logical_id, {}).get("Properties", {}))
        findings += [f"{logical_id}: may not touch `{key}`, which its code does" for key in sorted(used - allowed)]
        findings += [f"{logical_id}: may touch `{key}`, which its code never does" for key in sorted(allowed - used)]
    return findings


def called_of_core(code: str, callers: list) -> list[str]:
    """The texts of the modules of the core that the code calls, and of those that these call."""
    found, unread = [], [code]
    while unread:
        caller = unread.pop()
        called = [text for is_called, text in callers if text not in found and is_called(caller)]
        found += called
        unread += called
    return found


def core_callers(root: pathlib.Path) -> list[tuple[typing.Callable[[str], bool], str]]:
    """The modules of the core that use the table themselves: whether a function's code calls one, and its text."""
    found = []
    for path in sorted((root / "functions/incident/src").rglob("*.rs")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"\b(?:Key|Listing)::", text):
            continue
        # A name of several words is imported, one of a single word is called by its module, or by the folder that hands it out.
        modules = rf"(?:{path.stem}|{path.parent.name})"
        functions = re.findall(r"^pub async fn (\w+)", text, re.MULTILINE)
        calls = [("", rf"\b{name}\(" if "_" in name else rf"\b{modules}::{name}\(") for name in functions]
        # Others have methods of the same name: whoever calls one of these names its type, too.
        for owner, body in re.findall(r"^impl(?:<[^{]*?>)? (\w+)(.*?)^\}", text, re.DOTALL | re.MULTILINE):
            calls += [(owner, rf"(?:\.|\b{owner}::){name}\(") for name in re.findall(r"^ +pub async fn (\w+)", body, re.MULTILINE)]
        if calls:
            found.append((lambda code, calls=calls: any(re.search(rf"\b{owner}\b", code) and re.search(call, code) for owner, call in calls), text))
    return found


def leading_keys(properties: dict) -> set[str]:
    documents = [*properties.get("Policies", []), properties.get("PolicyDocument", {"Statement": []})]
    statements = [statement for document in documents for statement in document["Statement"]]
    conditions = [condition for statement in statements for condition in statement.get("Condition", {}).values()]
    return {key for condition in conditions for key in as_list(condition.get("dynamodb:LeadingKeys", []))}


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


CHECKS = [
    function_faults,
    state_faults,
    machine_faults,
    setting_faults,
    partition_faults,
    queue_faults,
]
