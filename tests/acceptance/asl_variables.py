"""JSONata in state machines: every expression parses, and reads only variables that are assigned on every way to it."""

import re

import jsonata
from asl import Edge, Machine, State
from jsonata.jexception import JException
from jsonata.tokenizer import Tokenizer

EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.DOTALL)
NESTED = ("ItemProcessor", "Iterator", "Branches")
# Functions that Step Functions adds to those of JSONata, and the one that it takes away.
ADDED_FUNCTIONS = {"partition", "range", "hash", "random", "uuid", "parse"}
REMOVED_FUNCTIONS = {"eval"}
# The members of `$states`, and in which fields each may be read.
MEMBERS = {"input", "context", "result", "errorOutput"}
AFTER_THE_WORK = {"Output", "Assign"}


def check(machine: Machine) -> list[str]:
    findings = [f"state `{state.name}`: {problem}" for state in machine.states.values() for problem in expression_faults(state)]
    if findings:
        return findings
    return scope_faults(machine) + undefined_variables(machine)


def texts(value, path: str = "") -> list[tuple[str, str]]:
    """(field, text) of every text in a state, without the states inside it."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, list):
        return [found for item in value for found in texts(item, path)]
    if isinstance(value, dict):
        pairs = [(key, item) for key, item in value.items() if key not in NESTED]
        return [found for key, item in pairs for found in texts(item, f"{path}.{key}" if path else key)]
    return []


def expressions(body: dict) -> list[tuple[str, str]]:
    """(field, JSONata) of every expression in a state, without the states inside it."""
    found = [(field, EXPRESSION.match(text.strip())) for field, text in texts(body)]
    return [(field, match.group(1)) for field, match in found if match]


def tokens(text: str) -> list:
    """The tokens of an expression. A slash starts a regular expression only where no value stands before it."""
    reader, found = Tokenizer(text), []
    while True:
        before = found[-1] if found else None
        value_before = before is not None and (before.type != "operator" or before.value in (")", "]", "}"))
        token = reader.next(value_before)
        if token is None:
            return found
        found.append(token)


def expression_faults(state: State) -> list[str]:
    findings = stray_brackets(state)
    for field, text in expressions(state.body):
        try:
            jsonata.Jsonata(text)
        except JException as error:
            findings.append(f"`{field}` does not parse: {error}")
            continue
        findings += [f"`{field}`: {problem}" for problem in function_faults(text) + member_faults(state, field, text)]
    return findings


def stray_brackets(state: State) -> list[str]:
    """A text with an expression in the middle is sent as it is written, brackets and all."""
    return [
        f"`{field}` has an expression inside a text"
        for field, text in texts(state.body)
        if text.count("{%") + text.count("%}") not in (0, 2) or ("{%" in text and not EXPRESSION.match(text.strip()))
    ]


def function_faults(text: str) -> list[str]:
    read = tokens(text)
    known = set(jsonata.Jsonata.static_frame.bindings) | ADDED_FUNCTIONS
    called = {token.value for token, after in pairs(read) if token.type == "variable" and after is not None and after.value == "("}
    return [f"unknown function `${name}`" for name in sorted(called - bound_inside(read)) if name not in known - REMOVED_FUNCTIONS]


def pairs(read: list) -> list[tuple]:
    """Each token with the one after it; the last with none."""
    return list(zip(read, [*read[1:], None], strict=True))


def bound_inside(read: list) -> set[str]:
    """Names that the expression itself binds: `$x := …` and the parameters of its own functions."""
    bound = {token.value for token, after in pairs(read) if token.type == "variable" and after is not None and after.value == ":="}
    for start, token in enumerate(read):
        if token.value in ("function", "λ") and token.type == "name":
            for inner in read[start + 1 :]:
                if inner.value == ")":
                    break
                bound |= {inner.value} if inner.type == "variable" else set()
    return bound


def variables(text: str) -> set[str]:
    """The workflow variables that an expression reads."""
    read = tokens(text)
    named = {token.value for token, after in pairs(read) if token.type == "variable" and (after is None or after.value != "(")}
    return named - bound_inside(read) - {"", "$", "states"}


def member_faults(state: State, field: str, text: str) -> list[str]:
    read = tokens(text)
    findings = []
    for token, dot, member in zip(read, read[1:], read[2:], strict=False):
        if token.type != "variable" or token.value != "states" or dot.value != ".":
            continue
        top = field.split(".")[0]
        if member.value not in MEMBERS:
            findings.append(f"`$states` has no `{member.value}`")
        elif member.value == "errorOutput" and top != "Catch":
            findings.append("`$states.errorOutput` is there only in a catcher")
        elif member.value == "result" and (top not in AFTER_THE_WORK or state.type not in ("Task", "Map", "Parallel")):
            findings.append("`$states.result` is there only after the work, in `Output` and `Assign`")
    return findings


def assigned_on(state: State, edge: Edge) -> set[str]:
    """What is assigned when the state is left this way. A catcher and a choice have an `Assign` of their own."""
    if edge.kind in ("catch", "choice"):
        return set(edge.rule.get("Assign", {}))
    return set(state.body.get("Assign", {})) if edge.kind in ("next", "default") else set()


def all_assigned(state: State) -> set[str]:
    rules = [state.body, *state.body.get("Catch", []), *state.body.get("Choices", [])]
    return {name for rule in rules for name in rule.get("Assign", {})}


def outer_scopes(machine: Machine, state: State) -> list[str]:
    found = []
    parent = machine.parent(state)
    while parent is not None:
        found.append(parent.scope)
        parent = machine.parent(parent)
    return found


def scope_faults(machine: Machine) -> list[str]:
    """Step Functions refuses an inner assignment to a name that an outer scope holds."""
    by_scope: dict[str, set[str]] = {}
    for state in machine.states.values():
        by_scope.setdefault(state.scope, set()).update(all_assigned(state))
    findings = []
    for state in machine.states.values():
        outer = set().union(*(by_scope[scope] for scope in outer_scopes(machine, state)))
        assigned = sorted(all_assigned(state))
        findings += [f"state `{state.name}` assigns `{name}`, which belongs to an outer scope" for name in assigned if name in outer]
        findings += [f"state `{state.name}` assigns `{name}`, which is reserved" for name in assigned if name == "states"]
    return findings


def undefined_variables(machine: Machine) -> list[str]:
    """A forward pass to a fixed point: a variable is there when every way to a state assigned it."""
    everything = set().union(*(all_assigned(state) for state in machine.states.values()))
    known = {name: set(everything) for name in machine.states}
    known[machine.start] = set()
    changed = True
    while changed:
        changed = False
        for edge in machine.edges:
            state = machine.states[edge.source]
            target = machine.states.get(edge.target)
            if target is None:
                continue
            outside = set() if edge.kind == "enter" and state.is_distributed else known[scope_holder(machine, edge).name]
            left = known[target.name] & (outside | assigned_on(state, edge) | of_the_whole(machine, edge))
            changed, known[target.name] = changed or left != known[target.name], left
    findings = []
    for state in machine.states.values():
        for field, text in expressions(state.body):
            missing = sorted(variables(text) - known[state.name])
            findings += [f"state `{state.name}`: `{field}` reads `${name}`, which not every way here has assigned" for name in missing]
    return findings


def scope_holder(machine: Machine, edge: Edge) -> State:
    """Whose variables go along: those of an inner scope end with it, so on leaving it is the Map or Parallel that goes on."""
    state = machine.states[edge.source]
    while edge.kind in ("leave", "catch") and state.scope != machine.states[edge.target].scope:
        parent = machine.parent(state)
        if parent is None:
            break
        state = parent
    return state


def of_the_whole(machine: Machine, edge: Edge) -> set[str]:
    """What the Map or Parallel assigns when its inside comes to its end."""
    return set(scope_holder(machine, edge).body.get("Assign", {})) if edge.kind == "leave" else set()
