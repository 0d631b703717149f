"""Makes the Automation documents of the actions, and the part of the member template that deploys them.

An action is a folder of `infra/actions`: `action.toml` says what it is and in which steps it runs, `action.py` holds the Python
of its steps, `policy.json` what its role may do. What several actions use lies beside the folders. From these come three
documents: the action, its reversal, and a preview that changes nothing. A step's script is its function with whatever that
needs of these files, and nothing else, without comments: Systems Manager takes documents of 64 KB, and a stack set takes a
template of 1 MB for all of them.

`python infra/render.py` writes `target/infra/actions.json`, which `member.yaml` includes, and for people each document as
`target/infra/actions/<id>/<document>.json`.
"""

import ast
import json
import os
import pathlib
import re
import tomllib

import callers

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


class RenderError(ValueError):
    """An action that no document can be made of; the message names the file and what is wrong in it."""


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[-_]", name))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def without_docstring(node: ast.stmt) -> str:
    """The source of a statement, without comments and without its docstring, indented by one space a level: all documents together
    have to fit into one template."""
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return re.sub(r"^(?: {4})+", lambda found: " " * (len(found[0]) // 4), ast.unparse(node), flags=re.MULTILINE)


def defined(file: pathlib.Path) -> set[str]:
    """The names of the functions and constants of a file."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return functions | {
        node.targets[0].id for node in body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


class Scripts:
    """The functions and constants of `action.py` and of the files that actions share, by name."""

    def __init__(self, folder: pathlib.Path):
        self.where = folder / "action.py"
        self.parts: dict[str, tuple[str, set[str]]] = {}
        self.imports: dict[str, str] = {}
        shared = sorted(folder.parent.glob("*.py"))
        for file in shared:
            known = set(self.parts)
            self.read(file)
            if twice := known & defined(file):
                raise RenderError(f"{file}: `{min(twice)}` is in another shared file already")
        self.read(self.where)

    def read(self, file: pathlib.Path) -> None:
        source = file.read_text(encoding="utf-8")
        for node in ast.parse(source, str(file)).body:
            text = without_docstring(node)
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            if isinstance(node, ast.Import):
                self.imports.update({alias.asname or alias.name.split(".")[0]: text for alias in node.names})
            elif isinstance(node, ast.FunctionDef):
                self.parts[node.name] = (text, names)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.parts[node.targets[0].id] = (text, names)
            elif not isinstance(node, ast.Expr):
                raise RenderError(f"{file}:{node.lineno}: only imports, constants and functions can be put into a document")

    def of(self, expression: str) -> str:
        """A script whose `handler` answers `expression`, with all that it needs."""
        wanted = {part.id for part in ast.walk(ast.parse(expression)) if isinstance(part, ast.Name)}
        used: set[str] = set()
        while wanted:
            name = wanted.pop()
            if name in self.parts and name not in used:
                used.add(name)
                wanted |= self.parts[name][1]
        names = set().union(*(self.parts[name][1] for name in used))
        imports = sorted({text for name, text in self.imports.items() if name in names})
        parts = [text for name, (text, _) in self.parts.items() if name in used]
        handler = f"def handler(events, context):\n    return {expression}"
        # No empty lines: in all scripts together they would take some 15 KB of the template.
        return "\n".join([*imports, *parts, handler]) + "\n"

    def require(self, name: str) -> None:
        if name not in self.parts:
            raise RenderError(f"{self.where}: the function `{name}` is missing")


class Action:
    """One action, and the documents made of it."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.id = folder, folder.name
        self.spec = tomllib.loads((folder / "action.toml").read_text(encoding="utf-8"))
        self.scripts = Scripts(folder)
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
            # Only what its script reads: all documents together have to fit into one template.
            script = step["inputs"]["Script"]
            step["inputs"]["InputPayload"] = {name: value for name, value in payload.items() if f"'{name}'" in script}
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
            "AutomationAssumeRole": {
                "type": "String",
                "description": f"The role {self.role} of this account.",
                "allowedPattern": f"^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/{self.role}$",
            },
            "IncidentId": {"type": "String", "description": "The incident.", "allowedPattern": "^inc-[0-9a-f]{20}$"},
            self.spec["parameter"]: {
                "type": "String",
                "description": self.spec["parameter_description"],
                "allowedPattern": self.spec["pattern"],
            },
        }
        for name, own in self.spec.get("parameters", {}).items():
            if kind in own.get("documents", ["document", "preview"]):
                found[name] = {
                    "type": own.get("type", "String"),
                    "description": own["description"],
                    **({"default": own["default"]} if "default" in own else {}),
                    "allowedPattern": own["pattern"],
                }
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
        return self.step(step["step"], step["does"], step.get("outputs", []), step.get("timeout", 60), script)

    def step(self, name: str, does: str, outputs: list[str], timeout: int = 60, script: str | None = None) -> dict:
        """`outputs` are the keys of the function's answer. All of them are strings."""
        found = {
            "name": name,
            "description": does,
            "action": "aws:executeScript",
            "onFailure": "Abort",
            "timeoutSeconds": timeout,
            "inputs": {"Runtime": "python3.11", "Handler": "handler", "Script": script or self.scripts.of(HANDLERS[name])},
        }
        if outputs:
            found["outputs"] = [{"Name": pascal(key), "Selector": f"$.Payload.{key}", "Type": "String"} for key in outputs]
        return found

    def resources(self, after: str | None) -> dict:
        """The role and the documents, as CloudFormation makes them. `after` is the document to wait for: Systems Manager
        throttles the making and changing of documents."""
        base = pascal(self.id)
        tags = [{"Key": "tocsin:security-account", "Value": {"Ref": "SecurityAccountId"}}]
        source = {"Fn::Sub": "arn:${AWS::Partition}:ssm:*:${AWS::AccountId}:automation-execution/*"}
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "ssm.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"aws:SourceArn": source},
            },
        }
        found = {
            f"{base}Role": {
                "Type": "AWS::IAM::Role",
                # What acts on the organization as a whole has no business in any other account.
                "Condition": "IsHomeRegionOfAdministrator" if self.spec.get("of_organization") else "IsHomeRegion",
                "Properties": {
                    "RoleName": self.role,
                    "Description": f"{self.spec['title']}, and back. Assumed by Systems Manager alone."[:1000],
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    "Policies": [{"PolicyName": self.role, "PolicyDocument": self.policy}],
                    "Tags": tags,
                },
            }
        }
        for kind, name in self.kinds():
            document = {
                "Type": "AWS::SSM::Document",
                **({"DependsOn": after} if after else {}),
                "Properties": {
                    "Name": name,
                    "DocumentType": "Automation",
                    "UpdateMethod": "NewVersion",
                    "Content": self.document(kind),
                    "Tags": tags,
                },
            }
            after = f"{name.removeprefix('Tocsin-')}Document"
            found[after] = document
        return found


def actions(infra: pathlib.Path = INFRA) -> list[Action]:
    """Every action of the library, by name."""
    return [Action(file.parent) for file in sorted((infra / "actions").glob("*/action.toml"))]


def resources(infra: pathlib.Path = INFRA) -> dict:
    """The roles and documents of every action, and the roles that start them, as resources of a template."""
    library = actions(infra)
    found: dict = {}
    after = None
    for action in library:
        found.update(action.resources(after))
        after = [name for name, one in found.items() if one["Type"] == "AWS::SSM::Document"][-1]
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
    replace(out / "actions.json", text)


def replace(path: pathlib.Path, text: str) -> None:
    """Writes a file at once: another process may be reading it."""
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    write()
