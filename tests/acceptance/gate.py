"""The legal gate as a property of the state machines: a notice goes out after counsel approved exactly that text, or not at all."""

import json

import jsonata
from asl import SUBSTITUTION, Edge, Machine, State

MACHINE = "notification"
SEND = "SendNotice"
REVIEW = "RequestLegalReview"
DECISION = "IsNoticeApproved"
SEND_FUNCTION = "SendNoticeFunctionArn"
REVIEW_FUNCTION = "RequestLegalReviewFunctionArn"

# What the decision may say, the draft's digest being `right`, and whether it may send.
DECISIONS = [
    ({"verdict": "approved", "digest": "right"}, True),
    ({"verdict": "approved", "digest": "wrong"}, False),
    ({"verdict": "approved"}, False),
    ({"verdict": "approved", "digest": None}, False),
    ({"verdict": "approved", "digest": ["right"]}, False),
    ({"verdict": "rejected", "digest": "right"}, False),
    ({"verdict": "changes-requested", "digest": "right"}, False),
    ({"verdict": "not-notifiable", "digest": "right"}, False),
    ({"verdict": "withdrawn", "digest": "right"}, False),
    ({"verdict": "obsolete", "digest": "right"}, False),
    ({"verdict": "APPROVED", "digest": "right"}, False),
    ({"verdict": ["approved", "rejected"], "digest": "right"}, False),
    ({"digest": "right"}, False),
    ({}, False),
    (None, False),
]


def faults(machines: dict[str, Machine]) -> list[str]:
    """Every way found to send a notice around the gate."""
    found = senders(machines)
    machine = machines.get(MACHINE)
    if machine is None:
        return [*found, f"there is no state machine `{MACHINE}`"]
    missing = [name for name in (SEND, REVIEW, DECISION) if name not in machine.states]
    if missing:
        return found + [f"{MACHINE}: there is no state `{name}`" for name in missing]
    found += ways_around(machine) + review_faults(machine.states[REVIEW]) + decision_faults(machine)
    return found + timeout_faults(machine)


def senders(machines: dict[str, Machine]) -> list[str]:
    """Whoever else can call the function that sends, by its substitution, its name, or an expression that may be either."""
    found = []
    for machine in machines.values():
        for state in machine.states.values():
            own = {key: value for key, value in state.body.items() if key not in ("ItemProcessor", "Iterator", "Branches")}
            text = json.dumps(own)
            names_it = SEND_FUNCTION in SUBSTITUTION.findall(text) or "send-notice" in text
            if names_it and (machine.name, state.name) != (MACHINE, SEND):
                found.append(f"{machine.name}: state `{state.name}` calls the function that sends")
            if state.type == "Task":
                found += [f"{machine.name}: {problem}" for problem in open_target(state)]
    return found


def open_target(state: State) -> list[str]:
    """A Task whose target is decided while it runs could be any function."""
    written = [str(state.body.get("Resource", ""))]
    arguments = state.body.get("Arguments")
    if isinstance(arguments, dict):
        written += [str(arguments[key]) for key in ("FunctionName", "StateMachineArn") if key in arguments]
    elif ":lambda:" in written[0] or ":states:::states:" in written[0]:
        return [f"the target of `{state.name}` is decided while it runs"]
    return [f"the target of `{state.name}` is decided while it runs" for text in written if "{%" in text]


def ways_around(machine: Machine) -> list[str]:
    found = []
    for gate in (REVIEW, DECISION):
        if machine.reaches(SEND, avoiding=gate):
            found.append(f"{machine.name}: `{SEND}` can be reached around `{gate}`")
        # Also from the middle: a second round must come through the gate again.
        past_the_gate = {SEND, DECISION} if gate == REVIEW else {SEND}
        for name in sorted(set(machine.states) - past_the_gate - {gate}):
            if machine.reaches(SEND, avoiding=gate, start=name):
                found.append(f"{machine.name}: from `{name}`, `{SEND}` can be reached around `{gate}`")
    return found


def review_faults(state: State) -> list[str]:
    found = []
    if state.type != "Task" or not str(state.body.get("Resource")).endswith(":lambda:invoke.waitForTaskToken"):
        found.append(f"{MACHINE}: `{REVIEW}` does not wait for a task token")
    if state.function() != f"${{{REVIEW_FUNCTION}}}":
        found.append(f"{MACHINE}: `{REVIEW}` does not call `{REVIEW_FUNCTION}`")
    if state.body.get("Output", "") != "{% $states.result %}":
        found.append(f"{MACHINE}: what `{REVIEW}` hands on is not the decision as it came")
    return found


def decision_faults(machine: Machine) -> list[str]:
    found = []
    for edge in machine.entries(SEND):
        if edge.source != DECISION or edge.kind != "choice":
            found.append(f"{machine.name}: `{SEND}` is entered from `{edge.source}` by {edge.kind}")
        else:
            found += condition_faults(machine, edge)
    if machine.start in (SEND, DECISION):
        found.append(f"{machine.name}: starts past the gate")
    for edge in machine.entries(DECISION):
        if edge.source != REVIEW or edge.kind != "next":
            found.append(f"{machine.name}: `{DECISION}` is entered from `{edge.source}` by {edge.kind}")
    return found


def condition_faults(machine: Machine, edge: Edge) -> list[str]:
    condition = edge.rule.get("Condition")
    found = []
    if "Assign" in edge.rule or "Output" in edge.rule:
        found.append(f"{machine.name}: the choice that sends changes what is sent")
    for decision, sends in DECISIONS:
        if is_true(condition, {"input": decision}, {"digest": "right"}) != sends:
            word = "sends" if not sends else "does not send"
            found.append(f"{machine.name}: `{DECISION}` {word} on the decision {json.dumps(decision)}")
    return found


def is_true(condition, states: dict, draft: dict) -> bool:
    if not isinstance(condition, str) or not condition.startswith("{%"):
        return condition is True
    expression = jsonata.Jsonata(condition.removeprefix("{%").removesuffix("%}"))
    frame = expression.create_frame()
    frame.bind("states", states)
    frame.bind("draft", draft)
    return expression.evaluate(None, frame) is True


def timeout_faults(machine: Machine) -> list[str]:
    """Silence pages a person and asks again."""
    state = machine.states[REVIEW]
    found = []
    if "TimeoutSeconds" not in state.body:
        found.append(f"{machine.name}: `{REVIEW}` waits without an end")
    handler = next((rule for rule in state.body.get("Catch", []) if set(rule["ErrorEquals"]) & {"States.Timeout", "States.ALL"}), None)
    if handler is None:
        return [*found, f"{machine.name}: nothing catches the time-out of `{REVIEW}`"]
    after = machine.states.get(handler["Next"])
    if after is None or not after.is_page:
        found.append(f"{machine.name}: the time-out of `{REVIEW}` pages nobody")
    return found
