"""Checks the state machines: `python tests/acceptance/asl_lint.py statemachines infra/responder.yaml` exits 1 with findings.

asl-validator checks the language's grammar. This checks what it passes over: names of service integrations, retries, catches,
time-outs, substitutions, and (in `asl_variables`) expressions and the variables that they read.
"""

import argparse
import functools
import pathlib
import re
import sys

import asl_variables
import botocore.exceptions
import botocore.session
from asl import AslError, Edge, Machine, State, load_all
from cloudformation_yaml import load

RETRIED_BY_US = {"Incident.Transient"}
RETRIED_LAMBDA = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    # A function that was killed, or that ran out of time or memory: each can be repeated.
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "Runtime.Unknown",
}
# Of calls that only read, so that they can be repeated: the connection broke, or the service did not want to.
RETRIED_READS = {"S3.SdkClientException", "S3.S3Exception"}
OPTIMISED = {"lambda:invoke", "lambda:invoke.waitForTaskToken", "states:startExecution", "states:startExecution.sync:2"}
INTEGRATION = re.compile(r"^arn:\$\{Partition\}:states:::(.+)$")
SDK_CALL = re.compile(r"^aws-sdk:([a-z0-9]+):([a-z]\w*)(?:\.waitForTaskToken)?$")
CALLBACK = ".waitForTaskToken"
TOKEN = "$states.context.Task.Token"
# How many events the history of an execution may hold.
HISTORY_LIMIT = 25_000
POLL_LIMIT = re.compile(r"\$polls\s*<\s*(\d+)")


def lint(folder: pathlib.Path, template: pathlib.Path) -> list[str]:
    try:
        machines = load_all(folder)
    except AslError as error:
        return [str(error)]
    findings = [finding for machine in machines.values() for finding in lint_machine(machine)]
    # What is deployed beside the response has a machine, too.
    beside = template.with_name("privacy-requests.yaml")
    templates = [load(path) for path in (template, beside) if path.is_file()]
    return findings + substitution_faults(machines, templates)


def lint_machine(machine: Machine) -> list[str]:
    findings = [f"state `{name}` is there twice" for name in machine.twice]
    if machine.definition.get("QueryLanguage") != "JSONata":
        findings.append("`QueryLanguage` is not JSONata")
    if "TimeoutSeconds" not in machine.definition:
        findings.append("the machine has no `TimeoutSeconds`")
    findings += graph_faults(machine)
    for state in machine.states.values():
        problems = transition_faults(state)
        if state.type == "Task":
            problems += timeout_faults(state) + integration_faults(state) + catch_faults(machine, state)
        problems += retry_faults(state) + history_faults(machine, state)
        findings += [f"state `{state.name}`: {problem}" for problem in problems]
    if not any("is no state" in finding for finding in findings):
        findings += asl_variables.check(machine)
    return [f"{machine.name}: {finding}" for finding in findings]


def graph_faults(machine: Machine) -> list[str]:
    findings = [f"`StartAt` is `{start}`, which is no state" for start in machine.starts.values() if start not in machine.states]
    for edge in machine.edges:
        target = machine.states.get(edge.target)
        if edge.kind in ("enter", "leave"):
            continue
        if target is None:
            findings.append(f"state `{edge.source}` goes to `{edge.target}`, which is no state")
        elif is_own(machine.states[edge.source], edge) and target.scope != machine.states[edge.source].scope:
            findings.append(f"state `{edge.source}` goes to `{edge.target}`, which is inside another state")
    reached = machine.reachable()
    findings += [f"state `{name}` can't be reached" for name in machine.states if name not in reached]
    return findings


def is_own(state: State, edge: Edge) -> bool:
    """Whether the transition is written in the state itself, not in the Map or Parallel around it."""
    return edge.kind != "catch" or edge.rule in state.body.get("Catch", [])


def transition_faults(state: State) -> list[str]:
    body = state.body
    ends = [key for key in ("Next", "End") if body.get(key)]
    if state.type in ("Succeed", "Fail"):
        return [f"`{key}` on an end state" for key in ends]
    if state.type == "Choice":
        return [] if "Default" in body else ["no `Default`: an input that fits no choice fails the execution"]
    return [] if len(ends) == 1 else ["needs one of `Next` and `End`"]


def timeout_faults(state: State) -> list[str]:
    timeout, heartbeat = state.body.get("TimeoutSeconds"), state.body.get("HeartbeatSeconds")
    findings = [] if timeout is not None else ["no `TimeoutSeconds`"]
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        findings.append(f"`HeartbeatSeconds` {heartbeat} is not below `TimeoutSeconds` {timeout}")
    return findings


def integration_faults(state: State) -> list[str]:
    resource = str(state.body.get("Resource", ""))
    found = INTEGRATION.match(resource)
    if not found:
        return [f"`Resource` is `{resource}`, not a service integration under `arn:${{Partition}}:states:::`"]
    findings = sdk_faults(found.group(1))
    if CALLBACK in resource and TOKEN not in str(state.body.get("Arguments")):
        findings.append("waits for a task token that its arguments do not hold")
    if CALLBACK not in resource and TOKEN in str(state.body.get("Arguments")):
        findings.append("hands out a task token, but does not wait for it")
    if ":lambda:invoke" in resource and not re.fullmatch(r"\$\{\w+FunctionArn\}", str(state.function())):
        findings.append("`FunctionName` is not a substitution `${…FunctionArn}`")
    return findings


def sdk_faults(integration: str) -> list[str]:
    if integration in OPTIMISED:
        return []
    call = SDK_CALL.match(integration)
    if not call:
        return [f"unknown service integration `{integration}`"]
    operations = operations_of(call.group(1))
    if operations is None:
        return [f"`aws-sdk` has no service `{call.group(1)}`"]
    if call.group(2) not in operations:
        return [f"`aws-sdk:{call.group(1)}` has no operation `{call.group(2)}`"]
    return []


@functools.cache
def operations_of(service: str) -> set[str] | None:
    """The operations of a service as Step Functions writes them; it leaves the hyphens out of botocore's service names."""
    session = botocore.session.get_session()
    names = {"sfn": "stepfunctions"} | {name.replace("-", ""): name for name in session.get_available_services()}
    try:
        model = session.get_service_model(names.get(service, service))
    except botocore.exceptions.UnknownServiceError:
        return None
    return {name[0].lower() + name[1:] for name in model.operation_names}


def retry_faults(state: State) -> list[str]:
    findings = []
    for rule in state.body.get("Retry", []):
        errors = rule.get("ErrorEquals", [])
        allowed = RETRIED_BY_US | RETRIED_LAMBDA | (RETRIED_READS if ":aws-sdk:s3:list" in str(state.body.get("Resource")) else set())
        findings += [f"retries on `{error}`" for error in errors if error not in allowed]
        findings += [f"a retry without `{key}`" for key in ("MaxAttempts", "JitterStrategy", "MaxDelaySeconds") if key not in rule]
        if rule.get("JitterStrategy", "FULL") != "FULL":
            findings.append(f"a retry with `JitterStrategy` {rule['JitterStrategy']}: every repeat comes at the same moment")
    if state.function() and not any("Incident.Transient" in rule.get("ErrorEquals", []) for rule in state.body.get("Retry", [])):
        findings.append("does not retry `Incident.Transient`")
    return findings


def catch_faults(machine: Machine, state: State) -> list[str]:
    rules = state.body.get("Catch", [])
    findings = [
        f"a catcher follows `States.ALL`, which is last by definition: {rule['ErrorEquals']}"
        for before, rule in zip(rules, rules[1:], strict=False)
        if "States.ALL" in before["ErrorEquals"]
    ]
    if rules and "States.ALL" not in rules[-1]["ErrorEquals"]:
        findings.append("the last catcher is not `States.ALL`")
    if not rules and not fails_after_page(machine, state):
        findings.append("nothing is caught")
    return findings


def fails_after_page(machine: Machine, state: State) -> bool:
    """A page before the end of the whole machine needs no catcher: where it fails, the execution fails, and an alarm pages."""
    after = machine.states.get(state.body.get("Next", ""))
    return state.is_page and not state.scope and after is not None and after.type == "Fail"


def history_faults(machine: Machine, state: State) -> list[str]:
    """An execution ends when its history is full, so what polls for long must poll seldom."""
    findings = []
    for rule in state.body.get("Choices", []):
        for limit in POLL_LIMIT.findall(str(rule.get("Condition"))):
            events = int(limit) * events_of_a_turn(machine, state.name, rule.get("Next", ""))
            # About ten steps of a plan run at the same time in one history, and each may poll twice: apply, then reverse.
            parent = machine.parent(state)
            share = HISTORY_LIMIT // 20 if parent is not None and not parent.is_distributed else HISTORY_LIMIT // 2
            if events > share:
                findings.append(f"polling adds up to {events} events to the history, its share is {share}")
    return findings


def events_of_a_turn(machine: Machine, choice: str, first: str) -> int:
    """From the choice to poll on, by `Next`, back to that choice. Each state is entered and exited; a task runs in between."""
    turn, name = [choice], first
    while name in machine.states and name not in turn:
        turn.append(name)
        name = machine.states[name].body.get("Next", "")
    return sum(5 if machine.states[name].type == "Task" else 2 for name in turn)


def substitution_faults(machines: dict[str, Machine], templates: list[dict]) -> list[str]:
    findings, given = [], {}
    resources = [found for template in templates for found in template["Resources"].items()]
    for logical_id, resource in resources:
        if resource.get("Type") == "AWS::Serverless::StateMachine":
            properties = resource["Properties"]
            name = pathlib.Path(properties["DefinitionUri"]).name.removesuffix(".asl.json")
            given[name] = set(properties.get("DefinitionSubstitutions", {}))
            if name not in machines:
                findings.append(f"{logical_id}: there is no `{properties['DefinitionUri']}`")
    for name, machine in machines.items():
        if name not in given:
            findings.append(f"{name}: no state machine of the template has this definition")
            continue
        used = machine.substitutions()
        findings += [f"{name}: `${{{key}}}` is not in the template's `DefinitionSubstitutions`" for key in sorted(used - given[name])]
        findings += [f"{name}: the template substitutes `{key}`, which nothing uses" for key in sorted(given[name] - used)]
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("template", type=pathlib.Path)
    options = parser.parse_args()
    findings = lint(options.folder, options.template)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
