"""Makes the Automation documents of the actions, and the part of the member template that deploys them.

An action is a folder of `infra/actions`: `action.toml` says what it is and in which steps it runs, `action.py` holds the Python
of its steps, `policy.json` what its role may do. What several actions use lies beside the folders. From these come three
documents: the action, its reversal, and a preview that changes nothing. A step's script is its function with whatever that
needs of these files, and nothing else, without comments: Systems Manager takes documents of 64 KB, and a stack set takes a
template of 1 MB for all of them.

`python infra/render.py` writes `target/infra/actions.json`, which `member.yaml` includes; what preserves evidence (`preserving.py`) is in it
too. For people it writes each document as `target/infra/actions/<id>/<document>.json` or `target/infra/preservation/<id>.json`.
"""

import json
import os
import pathlib
import tomllib

import callers
import preserving
from automation import (
    INCIDENT_PARAMETER,
    RenderError,
    Scripts,
    document_resource,
    own_parameter,
    pascal,
    payload_for,
    role_parameter,
    role_resource,
    script_step,
    snake,
)

INFRA = pathlib.Path(__file__).resolve().parent
OUT = INFRA.parent / "target" / "infra"
# (kind, prefix of its name after `Tocsin-`)
KINDS = (("document", ""), ("reversal", "Reverse"), ("preview", "Preview"))
# StackSets takes 1 MB of template, Systems Manager 64 KB of document.
MOST_TEMPLATE, MOST_DOCUMENT = 1_000_000, 64_000
HANDLERS = {
    "RecordBefore": "record(run_of(events), observe, refuse)",
    "ObserveContainment": "observe_until(run_of(events), observe, settled)",
    "ObserveReversal": "observe_until(run_of(events), observe, restored)",
    "PreviewContainment": "preview(run_of(events), observe, calls, impact)",
}


class Action:
    """One action, and the documents made of it."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.id = folder, folder.name
        self.spec = tomllib.loads((folder / "action.toml").read_text(encoding="utf-8"))
        self.scripts = Scripts(folder / "action.py")
        for name in ("observe", "calls", "impact"):
            self.scripts.require(name)
        self.policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))

    @property
    def role(self) -> str:
        return f"Tocsin-{pascal(self.id)}"

    def kinds(self) -> list[tuple[str, str]]:
        """(kind, document name). What can't be taken back has no reversal."""
        return [
            (kind, f"Tocsin-{prefix}{pascal(self.id)}")
            for kind, prefix in KINDS
            if kind != "reversal" or self.spec.get("reverse")
        ]

    def document(self, kind: str) -> dict:
        parameters = self.parameters(kind)
        recorded = [self.step("RecordBefore", "Records what the reversal restores. Changes nothing.", ["before"])]
        observed = "Reads the result back. Judges nothing."
        steps = {
            "document": lambda: (
                recorded
                + [self.own_step(step) for step in self.spec["apply"]]
                + [self.step("ObserveContainment", observed, ["observation"])]
            ),
            "reversal": lambda: (
                [self.own_step(step) for step in self.spec["reverse"]]
                + [self.step("ObserveReversal", observed, ["observation"])]
            ),
            "preview": lambda: [
                self.step(
                    "PreviewContainment",
                    "Reads the state, the calls that would be made and whom they hit.",
                    ["state", "calls", "impact"],
                )
            ],
        }[kind]()
        payload = {
            snake(name): f"{{{{ {name} }}}}" for name in parameters if name not in ("AutomationAssumeRole", "IncidentId")
        }
        payload = {
            "role": "{{ AutomationAssumeRole }}",
            "incident": "{{ IncidentId }}",
            "target": f"{{{{ {self.spec['parameter']} }}}}",
            **payload,
        }
        payload.pop(snake(self.spec["parameter"]))
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            step["inputs"]["InputPayload"] = payload_for(step["inputs"]["Script"], payload)
            if following is None:
                step["isEnd"] = True
            else:
                step["nextStep"] = following["name"]
            for output in step.get("outputs", []):
                payload[snake(output["Name"])] = f"{{{{ {step['name']}.{output['Name']} }}}}"
        body = {
            "schemaVersion": "0.3",
            "description": self.description(kind),
            "assumeRole": "{{ AutomationAssumeRole }}",
            "parameters": parameters,
            "outputs": [f"{step['name']}.{output['Name']}" for step in steps for output in step.get("outputs", [])],
            "mainSteps": steps,
        }
        size = len(json.dumps(body))
        if size > MOST_DOCUMENT:
            raise RenderError(f"{self.folder}: the {kind} has {size} bytes, Systems Manager takes {MOST_DOCUMENT}")
        return body

    def description(self, kind: str) -> str:
        title = self.spec["title"]
        return {
            "document": f"{title}.",
            "reversal": f"Takes back, exactly as recorded: {title[0].lower()}{title[1:]}.",
            "preview": f"Changes nothing: reads the state, the calls that would be made and whom they hit. {title}.",
        }[kind]

    def parameters(self, kind: str) -> dict:
        found = {
            "AutomationAssumeRole": role_parameter(self.role),
            "IncidentId": INCIDENT_PARAMETER,
            self.spec["parameter"]: {
                "type": "String",
                "description": self.spec["parameter_description"],
                "allowedPattern": self.spec["pattern"],
            },
        }
        for name, own in self.spec.get("parameters", {}).items():
            if kind in own.get("documents", ["document", "preview"]):
                found[name] = own_parameter(own)
        if kind != "preview":
            found["Before"] = {
                "type": "StringList",
                "description": "The state as found, as an earlier run recorded it, in pieces of at most 512 characters (the"
                " longest value that Systems Manager takes).",
                **({"default": []} if kind == "document" else {}),
                "allowedPattern": "^[ -~]{1,512}$",
            }
        return found

    def own_step(self, step: dict) -> dict:
        function = snake(step["step"])
        self.scripts.require(function)
        script = self.scripts.of(f"{function}(run_of(events))")
        return script_step(step["step"], step["does"], script, step.get("outputs", []), step.get("timeout", 60))

    def step(self, name: str, does: str, outputs: list[str]) -> dict:
        return script_step(name, does, self.scripts.of(HANDLERS[name]), outputs)

    def resources(self, after: str | None) -> dict:
        """The role and the documents, as CloudFormation makes them. `after` is the document to wait for: Systems Manager
        throttles the making and changing of documents."""
        # What acts on the organization as a whole has no business in any other account.
        condition = "IsHomeRegionOfAdministrator" if self.spec.get("of_organization") else "IsHomeRegion"
        description = f"{self.spec['title']}, and back. Assumed by Systems Manager alone."
        found = {f"{pascal(self.id)}Role": role_resource(self.role, description, self.policy, condition)}
        for kind, name in self.kinds():
            after, made = document_resource(name, self.document(kind), after)
            found[after] = made
        return found


def actions(infra: pathlib.Path = INFRA) -> list[Action]:
    """Every action of the library, by name."""
    return [Action(file.parent) for file in sorted((infra / "actions").glob("*/action.toml"))]


def resources(infra: pathlib.Path = INFRA) -> dict:
    """The roles and documents of every action and of what preserves evidence in a member account, and the roles that start them."""
    library = actions(infra)
    found: dict = {}
    after = None
    for action in library:
        found.update(action.resources(after))
        after = [name for name, one in found.items() if one["Type"] == "AWS::SSM::Document"][-1]
    for one in preserving.documents(infra):
        found.update(one.resources(after))
        after = list(found)[-1]
    return found | callers.resources(library)


def write(out: pathlib.Path = OUT, infra: pathlib.Path = INFRA) -> None:
    """Writes the resources and, for people, each document."""
    made = resources(infra)
    text = json.dumps(made, separators=(",", ":"))
    if len(text) > MOST_TEMPLATE:
        raise RenderError(f"the resources of the actions have {len(text)} bytes, a stack set takes {MOST_TEMPLATE}")
    for action in actions(infra):
        folder = out / "actions" / action.id
        folder.mkdir(parents=True, exist_ok=True)
        for kind, _ in action.kinds():
            (folder / f"{kind}.json").write_text(json.dumps(action.document(kind), indent=2) + "\n", encoding="utf-8")
    for one in preserving.documents(infra):
        folder = out / "preservation"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{one.id}.json").write_text(json.dumps(one.document(), indent=2) + "\n", encoding="utf-8")
    replace(out / "actions.json", text)


def replace(path: pathlib.Path, text: str) -> None:
    """Writes a file at once: another process may be reading it."""
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    write()
