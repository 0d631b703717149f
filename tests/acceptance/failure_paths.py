"""No failure goes unheard: what is caught is paged or reversed before the machine, or the part of it that failed, comes to an end.

A machine that another one starts pages by itself, and an alarm watches its executions, so its parent may go on (the clocks of
the law do not wait for containment). A page that fails has no one left to tell: it goes where it would have gone.
"""

from asl import Edge, Machine, State

# Fails after a person was paged further inside: `StepFailed` is the one state that says so, and is checked below.
PAGED_INSIDE = {"NotContained": "StepFailed"}
# The end of one item of a Map, which the choice behind the Map counts: one page then tells of all of them.
COUNTED = {"OrderNotCopied": "IsEveryOrderCopied", "BatchNotDelivered": "IsEveryoneWrittenTo"}


def unheard(machine: Machine) -> list[str]:
    found = []
    for state in machine.states.values():
        if state.is_page:
            found += page_faults(machine, state)
        elif starts_machine(state):
            found += child_faults(machine, state)
        else:
            for edge in own_catches(machine, state):
                found += silent_ends(machine, state, edge)
    for state in machine.states.values():
        if state.type == "Fail" and state.name not in PAGED_INSIDE and reached_unpaged(machine, state.name):
            found.append(f"{machine.name}: `{state.name}` can be reached without a page")
    for name in PAGED_INSIDE.values():
        if name in machine.states and reached_unpaged(machine, name):
            found.append(f"{machine.name}: `{name}` can be reached without a page")
    return found


def starts_machine(state: State) -> bool:
    return ":states:::states:startExecution" in str(state.body.get("Resource"))


def own_catches(machine: Machine, state: State) -> list[Edge]:
    rules = state.body.get("Catch", [])
    return [edge for edge in machine.successors(state.name) if edge.kind == "catch" and edge.rule in rules]


def is_heard(machine: Machine, state: State, failed: State) -> bool:
    """A reversal pages in its turn, but not the reversal that has just failed."""
    return state.is_page or is_counted(machine, state) or (state.name == "ReverseContainment" and state is not failed)


def is_counted(machine: Machine, state: State) -> bool:
    """Whether no way from here to a good end is around the choice that counts it, and whatever that does not know is paged."""
    choice = machine.states.get(COUNTED.get(state.name, ""))
    if choice is None:
        return False
    paged = machine.states[choice.body["Default"]].is_page and len(choice.body["Choices"]) == 1
    good = [name for name, found in machine.states.items() if found.type == "Succeed" and not found.scope]
    return paged and not any(machine.reaches(name, avoiding=choice.name, start=state.name) for name in good)


def silent_ends(machine: Machine, failed: State, caught: Edge) -> list[str]:
    found, seen, waiting = [], set(), [caught.target]
    while waiting:
        name = waiting.pop()
        state = machine.states.get(name)
        if state is None or name in seen or is_heard(machine, state, failed):
            continue
        seen.add(name)
        if machine.is_terminal(state):
            found.append(f"{machine.name}: the failure of `{failed.name}` can end in `{name}` without a page or a reversal")
        waiting += [edge.target for edge in machine.successors(name) if edge.kind != "leave"]
    return found


def page_faults(machine: Machine, state: State) -> list[str]:
    goes_on = state.body.get("Next")
    return [
        f"{machine.name}: a failed page goes to `{edge.target}`, not to `{goes_on}`"
        for edge in own_catches(machine, state)
        if edge.target != goes_on
    ]


def child_faults(machine: Machine, state: State) -> list[str]:
    caught = {error for rule in state.body.get("Catch", []) for error in rule["ErrorEquals"]}
    if "States.ALL" in caught:
        return []
    return [f"{machine.name}: `{state.name}` starts a machine and does not catch its failure"]


def reached_unpaged(machine: Machine, target: str) -> bool:
    seen, waiting = set(), [machine.start]
    while waiting:
        name = waiting.pop()
        state = machine.states.get(name)
        if state is None or name in seen or state.is_page:
            continue
        if name == target:
            return True
        seen.add(name)
        waiting += [edge.target for edge in machine.successors(name)]
    return False
