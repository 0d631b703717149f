"""The Python of `aws:executeScript` steps: what can be told from its syntax tree, without running it."""

import ast

import botocore.session
from botocore import xform_name

from ssm_calls import Call, model_of

# What Systems Manager's Python has, and what a containment script may need of it.
IMPORTS = {
    "base64",
    "boto3",
    "botocore",
    "datetime",
    "hashlib",
    "ipaddress",
    "json",
    "random",
    "re",
    "ssl",
    "time",
    "urllib",
}
RUNTIMES = {"python3.11"}
# Attributes of a client that are no operation.
_NOT_CALLS = {"exceptions", "meta"}


def check_scripts(steps: list[dict], known: frozenset[str] = frozenset()) -> tuple[list[str], list[Call]]:
    """What is wrong with the scripts, and what they call. `known` are parameters of other documents of the action: a shared
    function may read them where it has them."""
    findings, calls = [], []
    for step in steps:
        if step.get("action") != "aws:executeScript":
            continue
        where, inputs = f"step `{step.get('name')}`", step.get("inputs") or {}
        if inputs.get("Runtime") not in RUNTIMES:
            findings.append(f"{where}: runtime {inputs.get('Runtime')!r} is not one of {sorted(RUNTIMES)}")
        script = inputs.get("Script") or ""
        if "{{" in script:
            # A value put into the text of a program is code. It has to come in by InputPayload.
            findings.append(f"{where}: a `{{{{ }}}}` reference inside the script")
            continue
        try:
            tree = ast.parse(script)
            compile(tree, where, "exec")
        except SyntaxError as error:
            findings.append(f"{where}: line {error.lineno} of the script: {error.msg}")
            continue
        problems, made = Script(tree, where, functions_of(tree)).check(inputs, step.get("outputs") or [], known)
        findings += problems
        calls += made
    return findings, calls


def functions_of(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


class Script:
    def __init__(self, tree: ast.Module, where: str, functions: dict[str, ast.FunctionDef]):
        self.tree, self.where, self.functions = tree, where, functions
        self.findings: list[str] = []
        self.calls: list[Call] = []

    def say(self, problem: str, node: ast.AST | None = None) -> None:
        line = f"line {node.lineno} of the script: " if node is not None else ""
        self.findings.append(f"{self.where}: {line}{problem}")

    def check(self, inputs: dict, outputs: list[dict], known: frozenset[str]) -> tuple[list[str], list[Call]]:
        self.check_imports()
        self.check_calls()
        handler = self.functions.get(inputs.get("Handler"))
        if handler is None:
            self.say(f"the handler {inputs.get('Handler')!r} is not in the script")
        else:
            if len(handler.args.args) != 2:
                self.say(f"the handler `{handler.name}` does not take (events, context)", handler)
            self.check_payload(set(inputs.get("InputPayload") or {}) | known)
            self.check_outputs(outputs)
        return self.findings, self.calls

    def check_imports(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            else:
                continue
            for name in names:
                if name.split(".")[0] not in IMPORTS:
                    self.say(f"imports `{name}`; only {', '.join(sorted(IMPORTS))} are there", node)

    def check_payload(self, given: set[str]) -> None:
        """Every `events["x"]` and `run["x"]` is in InputPayload. `run_of` adds the state as found."""
        read = {
            (node.value.id, node.slice.value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("events", "run")
            and isinstance(node.slice, ast.Constant)
        }
        for source, name in sorted(read):
            if name not in given and (source, name) != ("run", "before"):
                self.say(f'reads {source}["{name}"], which `InputPayload` does not have')

    def check_outputs(self, outputs: list[dict]) -> None:
        """What a step gives on is returned by one of its functions."""
        returned = {
            key.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
            for key in node.value.keys
            if isinstance(key, ast.Constant)
        }
        for output in outputs:
            selector = output.get("Selector", "")
            if not selector.startswith("$.Payload.") or selector.removeprefix("$.Payload.") not in returned:
                self.say(f"output `{output.get('Name')}`: nothing is returned at `{selector}`")

    def clients(self) -> dict[str, str]:
        """variable -> service, for `name = boto3.client("service")`. A client keeps its name when it is handed on."""
        return {
            node.targets[0].id: service
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and (service := service_of(node.value)) is not None
        }

    def check_calls(self) -> None:
        clients = self.clients()
        # A script without a client of its own passes one on under the service's name: `delete_group(boto3.client("ec2"), …)`.
        handed_on = {service_of(node) for node in ast.walk(self.tree)} - {None}
        clients.update({service: service for service in handed_on})
        for service in sorted(handed_on):
            if model_of(service) is None:
                self.say(f"`boto3.client` of unknown service {service!r}")
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Attribute):
                continue
            service = clients.get(node.value.id) if isinstance(node.value, ast.Name) else service_of(node.value)
            if service is not None and node.attr not in _NOT_CALLS and model_of(service) is not None:
                self.check_call(service, node)

    def check_call(self, service: str, attribute: ast.Attribute) -> None:
        names = {xform_name(name): name for name in model_of(service).operation_names}
        call = next((node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and node.func is attribute), None)
        if attribute.attr in ("get_paginator", "get_waiter", "generate_presigned_url") and call is not None:
            operation = self.operation_behind(service, attribute.attr, call, names)
            if operation:
                self.calls.append(Call(self.where, service, operation, frozenset()))
            return
        operation = names.get(attribute.attr)
        if operation is None or call is None:
            self.say(f"a client of `{service}` has no `{attribute.attr}`", attribute)
            return
        shape = model_of(service).operation_model(operation).input_shape
        members = shape.members if shape else {}
        given = {keyword.arg for keyword in call.keywords if keyword.arg}
        for name in sorted(given - set(members)):
            self.say(f"`{attribute.attr}` has no parameter `{name}`", call)
        unpacked = any(keyword.arg is None for keyword in call.keywords)
        for name in sorted(set(shape.required_members if shape else []) - given):
            if not unpacked:
                self.say(f"`{attribute.attr}` needs `{name}`", call)
        if call.args:
            self.say(f"`{attribute.attr}` takes its parameters by name", call)
        self.calls.append(Call(self.where, service, operation, frozenset(given)))

    def operation_behind(self, service: str, kind: str, call: ast.Call, names: dict[str, str]) -> str | None:
        wanted = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if kind in ("get_paginator", "generate_presigned_url"):
            operation = names.get(wanted)
        else:
            waiters = botocore.session.get_session().get_waiter_model(service)
            known = {xform_name(name): waiters.get_waiter(name).operation for name in waiters.waiter_names}
            operation = known.get(wanted)
        if operation is None:
            self.say(f"a client of `{service}` has no {kind.removeprefix('get_')} {wanted!r}", call)
        return operation


def service_of(node: ast.AST) -> str | None:
    """The service of a `boto3.client("service")` expression."""
    if (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "boto3.client"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ):
        return node.args[0].value
    return None
