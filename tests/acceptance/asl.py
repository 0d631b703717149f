"""State machines as graphs: every state of every nesting level, and every way to go from one to another.

The graph allows more than Step Functions does (an inner state may leave its Map at once, a Parallel may end with one branch), so
what cannot be reached here cannot be reached there.
"""

import dataclasses
import json
import pathlib
import re

SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
NESTED = ("ItemProcessor", "Iterator")


class AslError(ValueError):
    """A definition that cannot be read; the message names the file."""


@dataclasses.dataclass(frozen=True)
class State:
    """`scope` is the name of the Map or Parallel that holds it, with the branch's number; empty at the top."""

    name: str
    scope: str
    body: dict

    @property
    def type(self) -> str:
        return self.body.get("Type", "")

    @property
    def is_page(self) -> bool:
        return self.name.startswith("PageOperator")

    @property
    def is_distributed(self) -> bool:
        """A Map whose items are executions of their own: with a history each, and no variable of this one."""
        return self.body.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"

    def function(self) -> str | None:
        """The Lambda that a Task invokes, as it is written: a substitution, an ARN or an expression."""
        arguments = self.body.get("Arguments")
        if isinstance(arguments, dict) and ":lambda:invoke" in str(self.body.get("Resource")):
            return arguments.get("FunctionName")
        return None


@dataclasses.dataclass(frozen=True)
class Edge:
    """`kind` is next, choice, default, catch, enter (a Map's or Parallel's inner start) or leave."""

    source: str
    target: str
    kind: str
    rule: dict


def _no_key_twice(pairs: list) -> dict:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise AslError(f"key `{key}` is there twice")
    return dict(pairs)


def parse(text: str, name: str) -> dict:
    try:
        definition = json.loads(text, object_pairs_hook=_no_key_twice)
    except (json.JSONDecodeError, AslError) as error:
        raise AslError(f"{name}: {error}") from error
    if not isinstance(definition, dict) or not isinstance(definition.get("States"), dict):
        raise AslError(f"{name}: no `States`")
    return definition


class Machine:
    """One definition; nested states are found by name, which Step Functions wants to be unique in the whole definition."""

    def __init__(self, name: str, definition: dict):
        self.name = name
        self.definition = definition
        self.states: dict[str, State] = {}
        self.twice: list[str] = []
        self.starts: dict[str, str] = {}
        self._collect(definition, "")
        self.edges = [edge for state in self.states.values() for edge in self._edges_of(state)]

    @classmethod
    def load(cls, path: pathlib.Path) -> "Machine":
        name = path.name.removesuffix(".asl.json")
        return cls(name, parse(path.read_text(encoding="utf-8"), path.name))

    @property
    def start(self) -> str:
        return self.starts[""]

    def substitutions(self) -> set[str]:
        return set(SUBSTITUTION.findall(json.dumps(self.definition)))

    def tasks(self) -> list[State]:
        return [state for state in self.states.values() if state.type == "Task"]

    def successors(self, name: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.source == name]

    def entries(self, name: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.target == name]

    def reachable(self, start: str | None = None, avoiding: str | None = None) -> set[str]:
        """Every state that an execution can come to from `start`, when it never enters `avoiding`."""
        reached: set[str] = set()
        waiting = [start or self.start]
        while waiting:
            name = waiting.pop()
            if name != avoiding and name not in reached:
                reached.add(name)
                waiting += [edge.target for edge in self.successors(name)]
        return reached

    def reaches(self, target: str, avoiding: str | None = None, start: str | None = None) -> bool:
        return target in self.reachable(start, avoiding)

    def parent(self, state: State) -> State | None:
        return self.states.get(state.scope.split("[")[0]) if state.scope else None

    def is_terminal(self, state: State) -> bool:
        return state.type in ("Succeed", "Fail") or bool(state.body.get("End"))

    def _collect(self, machine: dict, scope: str) -> None:
        self.starts[scope] = machine.get("StartAt", "")
        for name, body in machine["States"].items():
            if name in self.states:
                self.twice.append(name)
            self.states[name] = State(name, scope, body)
            for inner, branch in inner_machines(name, body):
                self._collect(branch, inner)

    def _edges_of(self, state: State) -> list[Edge]:
        body, found = state.body, []
        for scope, _ in inner_machines(state.name, body):
            found.append(Edge(state.name, self.starts[scope], "enter", {}))
        if "Next" in body:
            found.append(Edge(state.name, body["Next"], "next", {}))
        for rule in body.get("Choices", []):
            found.append(Edge(state.name, rule.get("Next", ""), "choice", rule))
        if "Default" in body:
            found.append(Edge(state.name, body["Default"], "default", {}))
        for rule in body.get("Catch", []):
            found.append(Edge(state.name, rule.get("Next", ""), "catch", rule))
        parent = self.parent(state)
        if parent is not None:
            found += self._leaving(state, parent)
        return found

    def _leaving(self, state: State, parent: State) -> list[Edge]:
        """Out of a Map or Parallel: by an end, or by an error that nothing inside caught."""
        found = []
        if self.is_terminal(state) and state.type != "Fail" and "Next" in parent.body:
            found.append(Edge(state.name, parent.body["Next"], "leave", {}))
        if self.is_terminal(state) and state.type != "Fail" and parent.body.get("End") and parent.scope:
            found += self._leaving(parent, self.parent(parent))
        if state.type == "Fail" or (state.type in ("Task", "Map", "Parallel") and not catches_everything(state)):
            found += [Edge(state.name, rule.get("Next", ""), "catch", rule) for rule in parent.body.get("Catch", [])]
        return found


def inner_machines(name: str, body: dict) -> list[tuple[str, dict]]:
    """(scope, definition) of what a Map or Parallel runs."""
    found = [(f"{name}[0]", body[key]) for key in NESTED if isinstance(body.get(key), dict)]
    return found + [(f"{name}[{number}]", branch) for number, branch in enumerate(body.get("Branches", []))]


def catches_everything(state: State) -> bool:
    return any("States.ALL" in rule.get("ErrorEquals", []) for rule in state.body.get("Catch", []))


def load_all(folder: pathlib.Path) -> dict[str, Machine]:
    machines = {machine.name: machine for machine in map(Machine.load, sorted(folder.glob("*.asl.json")))}
    if not machines:
        raise AslError(f"{folder}: no state machine")
    return machines
