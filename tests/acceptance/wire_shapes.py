"""AWS's service models as they look on the wire: the names that stand in a request or an answer, not those of the SDKs.

The sources of evidence send requests without an SDK and read answers as they come, so their names are those of the protocol: a list of
EC2 is a chain of `item`, one of IAM of `member`, and a member may have another name there than in any SDK.
"""

import functools

import botocore.exceptions
import botocore.session


@functools.cache
def model_of(service: str):
    """botocore's model; `None` for a service that there is not."""
    try:
        return botocore.session.get_session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return None


def protocol_of(model) -> str:
    """The protocol in the words of `services.toml`."""
    return {"ec2": "query", "rest-xml": "rest"}.get(model.protocol, model.protocol)


class Answer:
    """Where a pointer leads in the answers of an operation."""

    def __init__(self, operation, body: str | None = None):
        protocol = operation.service_model.protocol
        self.xml = protocol in ("ec2", "query", "rest-xml")
        self.item = "item" if protocol == "ec2" else "member"
        shape = operation.output_shape
        self.top = [shape]
        if shape is None:
            return
        if body == "json" and self.xml:
            self.top = []
        elif "payload" in shape.serialization:
            # The document is this member; its own element is the document's.
            self.top = [shape.members[shape.serialization["payload"]]]
        elif "resultWrapper" in shape.serialization:
            self.top = [{shape.serialization["resultWrapper"]: shape}]

    def at(self, pointer: str):
        """The shape there, or the first part of the pointer that leads nowhere as text."""
        found = self.top[0] if self.top else None
        for part in pointer.split("/")[1:]:
            found = self.below(found, part)
            if found is None:
                return f"`{part}` of `{pointer}` is not in the answer"
        return found

    def below(self, shape, part: str):
        if isinstance(shape, dict):
            return shape.get(part)
        if isinstance(shape, Repeated):
            return shape.of if part == "*" else self.below(shape.of, part) if not self.xml else None
        kind = shape.type_name if shape is not None else None
        if kind == "structure":
            for name, member in shape.members.items():
                flat = member.type_name == "list" and (member.serialization.get("flattened") or shape.serialization.get("flattened"))
                wire = member.serialization.get("name", name)
                if flat:
                    wire = member.member.serialization.get("name", wire)
                if wire == part and member.serialization.get("location") not in ("header", "headers", "statusCode"):
                    return Repeated(member.member) if flat and self.xml else member
        if kind == "list" and self.xml:
            return Repeated(shape.member) if part == shape.member.serialization.get("name", self.item) else None
        if kind == "list":
            return shape.member if part == "*" else None
        return shape.value if kind == "map" and not self.xml else None


class Repeated:
    """An element that stands there as often as the list has members: `/*` are all of them."""

    type_name = "list"

    def __init__(self, of):
        self.of = of


def is_one_text(shape) -> bool:
    return getattr(shape, "type_name", "") not in ("structure", "list", "map", "")


def input_faults(operation, given: dict, path_labels: set[str], headers: set[str]) -> list[str]:
    """What AWS would refuse in the parameters of a request, templates filled or not."""
    protocol, shape = operation.service_model.protocol, operation.input_shape
    if shape is None:
        return [f"`{name}` is no parameter" for name in given]
    if protocol in ("ec2", "query"):
        return query_faults(shape, given, protocol)
    members = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if (location == "uri" and wire in path_labels) or (location == "header" and wire in headers):
            continue
        members[wire] = (name, member)
    required = [wire for wire, (name, _) in members.items() if name in shape.required_members]
    faults = [f"`{wire}` is required" for wire in required if wire not in given]
    # What the method's own path says already, `?policy`.
    fixed = operation.http["requestUri"].partition("?")[2]
    fixed = dict(part.partition("=")[::2] for part in fixed.split("&") if part)
    faults += [f"`{name}` must be {value!r}" for name, value in fixed.items() if given.get(name) != value]
    for wire, value in given.items():
        if wire in fixed:
            continue
        if wire not in members:
            faults.append(f"`{wire}` is no parameter")
            continue
        member = members[wire][1]
        in_query = member.serialization.get("location") == "querystring"
        if in_query != (operation.http["method"] == "GET") and protocol != "json":
            faults.append(f"`{wire}` belongs into the {'query' if in_query else 'body'}")
        faults += value_faults(member, value, wire, text=in_query)
    return faults


def value_faults(shape, value, path: str, text: bool = False) -> list[str]:
    """Of a JSON body; of a query string every value is text."""
    kind = shape.type_name
    if isinstance(value, str) and value.startswith("#{"):
        return [] if kind in ("integer", "long", "timestamp", "float", "double", "list") else [f"`{path}` is {kind}, no number or list"]
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"`{path}` must be a table"]
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        needed = {shape.members[name].serialization.get("name", name) for name in shape.required_members}
        faults = [f"`{path}.{name}` is required" for name in sorted(needed - set(value))]
        faults += [f"`{path}.{name}` is no parameter" for name in value if name not in names]
        return faults + [f for name, one in value.items() if name in names for f in value_faults(names[name], one, f"{path}.{name}")]
    if kind == "map":
        return [fault for name, one in value.items() for fault in value_faults(shape.value, one, f"{path}.{name}")]
    if kind == "list":
        if not isinstance(value, list):
            return [f"`{path}` must be a list"]
        return [fault for number, one in enumerate(value) for fault in value_faults(shape.member, one, f"{path}.{number}")]
    wanted = {"string": str, "boolean": bool, "integer": int, "long": int, "float": (int, float), "double": (int, float)}.get(kind, str)
    if kind == "timestamp" and not text:
        return [f"`{path}` is a moment: a number"]
    if not isinstance(value, str if text else wanted) or (wanted is int and isinstance(value, bool)):
        return [f"`{path}` must be {kind}"]
    return constant_faults(shape, value, path)


def constant_faults(shape, value, path: str) -> list[str]:
    known = getattr(shape, "enum", None)
    if known and isinstance(value, str) and "{" not in value and value not in known:
        return [f"`{path}` may be {', '.join(known)}"]
    return []


def query_faults(shape, given: dict, protocol: str) -> list[str]:
    faults, seen = [], set()
    for name, value in given.items():
        first, member = None, shape
        parts = name.split(".")
        while parts and member is not None and not isinstance(member, str):
            member, parts, top = query_step(member, parts, protocol)
            first = first or top
        if member is None or parts:
            faults.append(f"`{name}` is no parameter")
            continue
        seen.add(first)
        if member.type_name in ("structure", "list", "map"):
            faults.append(f"`{name}` is a {member.type_name}, written out member by member")
        elif member.type_name == "boolean" and not isinstance(value, bool):
            faults.append(f"`{name}` must be boolean")
        elif member.type_name != "boolean" and not isinstance(value, (str, int)):
            faults.append(f"`{name}` must be {member.type_name}")
        else:
            faults += constant_faults(member, value, name)
    return faults + [f"`{name}` is required" for name in shape.required_members if name not in seen]


def query_step(shape, parts: list[str], protocol: str):
    """One step down: the shape, what is left of the name, and the member's own name."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            flat = member.type_name == "list" and (protocol == "ec2" or member.serialization.get("flattened"))
            if parts[0] == query_name(name, member, protocol, flat):
                return member, parts[1:], name
        return None, parts, None
    if shape.type_name == "list":
        flat = protocol == "ec2" or shape.serialization.get("flattened")
        if not flat:
            if parts[0] != shape.member.serialization.get("name", "member"):
                return None, parts, None
            parts = parts[1:]
        return (shape.member, parts[1:], None) if parts and parts[0].isdigit() else (None, parts, None)
    return None, parts, None


def query_name(name: str, member, protocol: str, flat: bool) -> str:
    if protocol == "ec2":
        written = member.serialization.get("queryName") or member.serialization.get("name", name)
        return written if "queryName" in member.serialization else written[0].upper() + written[1:]
    if flat:
        return member.member.serialization.get("name", member.serialization.get("name", name))
    return member.serialization.get("name", name)
