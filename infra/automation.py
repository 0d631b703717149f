"""What every Automation document is made of, whether it contains or preserves: scripts, steps, and the role that it runs with."""

import ast
import keyword
import pathlib
import re
import tokenize

TAGS = [{"Key": "tocsin:security-account", "Value": {"Ref": "SecurityAccountId"}}]


class RenderError(ValueError):
    """A folder that no document can be made of; the message names the file and what is wrong in it."""


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[-_]", name))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def without_docstring(node: ast.stmt) -> str:
    """The source of a statement, without comments, its docstring and what white space it does not need: all documents together have
    to fit into one template."""
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    text = re.sub(r"^(?: {4})+", lambda found: " " * (len(found[0]) // 4), ast.unparse(node), flags=re.MULTILINE)
    return tight(text)


def tight(text: str) -> str:
    """A program without the blanks beside commas, brackets and operators."""
    lines, found = text.splitlines(keepends=True), []
    end, before = (1, 0), None
    for token in tokenize.generate_tokens(iter(lines).__next__):
        row, column = token.start
        between = lines[row - 1][end[1] : column] if row == end[0] and row <= len(lines) else ""
        pair = [one for one in (before, token) if one]
        is_needless = any(one.type == tokenize.OP for one in pair) and not any(keyword.iskeyword(one.string) for one in pair)
        found += ["" if before and between == " " and is_needless else between, token.string]
        end, before = token.end, token
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            end, before = (row + 1, 0), None
    return "".join(found).rstrip("\n")


def defined(file: pathlib.Path) -> set[str]:
    """The names of the functions and constants of a file."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return functions | {
        node.targets[0].id for node in body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


class Scripts:
    """The functions and constants of a folder's Python and of the files beside the folders, which these share, by name."""

    def __init__(self, where: pathlib.Path):
        self.where = where
        self.parts: dict[str, tuple[str, set[str]]] = {}
        self.imports: dict[str, str] = {}
        for file in sorted(where.parent.parent.glob("*.py")):
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


def script_step(name: str, does: str, script: str, outputs: list[str], timeout: int = 60) -> dict:
    """`outputs` are the keys of the function's answer. All of them are strings."""
    found = {
        "name": name,
        "description": does,
        "action": "aws:executeScript",
        "onFailure": "Abort",
        "timeoutSeconds": timeout,
        "inputs": {"Runtime": "python3.11", "Handler": "handler", "Script": script},
    }
    if outputs:
        found["outputs"] = [{"Name": pascal(key), "Selector": f"$.Payload.{key}", "Type": "String"} for key in outputs]
    return found


def payload_for(script: str, payload: dict[str, str]) -> dict[str, str]:
    """Only what the script reads: all documents together have to fit into one template."""
    return {name: value for name, value in payload.items() if f"'{name}'" in script}


def role_parameter(role: str) -> dict:
    return {
        "type": "String",
        "description": f"The role {role} of this account.",
        "allowedPattern": f"^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/{role}$",
    }


INCIDENT_PARAMETER = {"type": "String", "description": "The incident.", "allowedPattern": "^inc-[0-9a-f]{20}$"}


def own_parameter(own: dict) -> dict:
    """A parameter as a folder's TOML gives it."""
    return {
        "type": own.get("type", "String"),
        "description": own["description"],
        **({"default": own["default"]} if "default" in own else {}),
        "allowedPattern": own["pattern"],
    }


def role_resource(name: str, description: str, policy: dict, condition: str) -> dict:
    """The role of a document, as CloudFormation makes it. Systems Manager alone assumes it, for a run in the same account."""
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
    return {
        "Type": "AWS::IAM::Role",
        "Condition": condition,
        "Properties": {
            "RoleName": name,
            "Description": description[:1000],
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": name, "PolicyDocument": policy}],
            "Tags": TAGS,
        },
    }


def document_resource(name: str, content: dict, after: str | None) -> tuple[str, dict]:
    """`after` is the document to wait for: Systems Manager throttles the making and changing of documents."""
    return f"{name.removeprefix('Tocsin-')}Document", {
        "Type": "AWS::SSM::Document",
        **({"DependsOn": after} if after else {}),
        "Properties": {
            "Name": name,
            "DocumentType": "Automation",
            "UpdateMethod": "NewVersion",
            "Content": content,
            "Tags": TAGS,
        },
    }
