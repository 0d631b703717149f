"""`{{ references }}`, `$.selectors`, and the types that parameters and outputs are declared with."""

import json
import re

import jmespath

from local_aws.automation.errors import StepFailed

REFERENCE = re.compile(r"\{\{\s*([A-Za-z][\w.:-]*)\s*\}\}")
TYPES = ("String", "StringList", "Integer", "Boolean", "MapList", "StringMap")


def references_in(value) -> set[str]:
    """Every name that `value` refers to, at any depth."""
    if isinstance(value, str):
        return set(REFERENCE.findall(value))
    if isinstance(value, dict):
        return set().union(*(references_in(item) for item in [*value, *value.values()]))
    if isinstance(value, list):
        return set().union(*(references_in(item) for item in value))
    return set()


def resolve(value, known: dict):
    """`value` with its references replaced. A string that is one reference alone keeps the type of what it refers to."""
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value.strip())
        if whole:
            return look_up(whole.group(1), known)
        return REFERENCE.sub(lambda found: as_text(look_up(found.group(1), known)), value)
    if isinstance(value, dict):
        return {resolve(key, known): resolve(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, known) for item in value]
    return value


def look_up(name: str, known: dict):
    if name not in known:
        raise StepFailed(f"`{{{{ {name} }}}}` refers to nothing that has a value yet")
    return known[name]


def as_text(value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":"), default=str)


def select(selector: str, document):
    """The value at a JSONPath as documents use it (`$`, `$.A.B`, `$.A[0].B`, `$.A[*].B`, `$..B` is refused)."""
    if selector == "$":
        return document
    if not selector.startswith("$.") and not selector.startswith("$["):
        raise StepFailed(f"the selector `{selector}` does not start with `$.`")
    path = selector[1:].lstrip(".")
    if ".." in path or "?(" in path:
        raise StepFailed(f"the local AWS does not evaluate the selector `{selector}`")
    # A name that is no identifier (`tag-key`) must be quoted for JMESPath, which otherwise reads these paths alike.
    quoted = re.sub(r"\[['\"]([^'\"]+)['\"]\]", r'."\1"', path)
    quoted = re.sub(r"(?<![\w\"-])([A-Za-z_]\w*(?:-[\w-]+))(?![\w\"-])", r'"\1"', quoted)
    try:
        return jmespath.search(quoted.lstrip("."), document)
    except jmespath.exceptions.JMESPathError as error:
        raise StepFailed(f"the selector `{selector}` cannot be read: {error}") from error


def check_type(value, declared: str, what: str):
    """`value` as the declared output type, or a failed step."""
    fits = {
        "String": lambda: isinstance(value, str),
        "Boolean": lambda: isinstance(value, bool),
        "Integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "StringList": lambda: isinstance(value, list) and all(not isinstance(item, (dict, list)) for item in value),
        "MapList": lambda: isinstance(value, list) and all(isinstance(item, dict) for item in value),
        "StringMap": lambda: isinstance(value, dict),
    }
    if declared not in fits:
        raise StepFailed(f"{what} has the type `{declared}`; known are {', '.join(TYPES)}")
    if fits[declared]():
        return value
    # AWS turns numbers and dates into text where a String is declared; it does not turn maps and lists into text.
    if declared == "String" and not isinstance(value, (dict, list, bool)):
        return str(value)
    raise StepFailed(f"{what} is declared as `{declared}`, the value is a {type(value).__name__}")


def as_output(value) -> list[str]:
    """A value as GetAutomationExecution shows outputs and parameters: a list of strings."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return [as_text(value)]
