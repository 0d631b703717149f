"""The sources of evidence (`functions/incident/evidence/*.toml`) against AWS's service models and its authorization reference.

Nothing at build or deploy time would notice a misspelt operation, parameter, pointer or permission: it would be a gap in the evidence
of the first real incident.
"""

import dataclasses
import functools
import pathlib
import re
import tomllib

import botocore.exceptions
import botocore.session
import cloudformation_yaml
import wire_shapes
from iam_reference import entry_of

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "functions" / "incident" / "evidence"
ENTITIES = FOLDER.parent / "src" / "finding" / "entity.rs"
EVIDENCE_TEMPLATE = FOLDER.parents[2] / "infra" / "evidence.yaml"
SOURCE_FIELDS = {"title", "about", "of", "volatility", "id_prefix", "pattern", "words", "call", "document", "query", "gap", "begun_first"}
CALL_FIELDS = {
    *("name", "about", "arn", "service", "operation", "action", "region", "method", "path", "with", "each", "where", "without"),
    *("pages", "most", "until", "keeps", "absent", "body", "names_objects"),
}
DOCUMENT_FIELDS = {"name", "document", "at", "with", "without", "lists"}
QUERY_FIELDS = {"name", "about", "table", "each", "lies", "sql"}
GAP_FIELDS = {"name", "about", "unless", "holds", "reason"}
SERVICE_FIELDS = {"protocol", "json", "version", "target", "global", "signing", "host", "prefix", "headers"}
MOMENTS = {f"{end}{form}" for end in ("from", "to") for form in ("", ".seconds", ".millis", ".date", ".day", ".hour")}
WORDS = {"subject", "arn", "account", "region", "partition", "incident", "global", "suffix"} | MOMENTS
FILTERS = {"name", "parent", "bucket", "key", "prefix", "log-group"}
# Read by their names, and yet what they answer is a secret, or a job that costs.
NEVER = {
    *("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "s3:GetObject"),
    *("s3:GetObjectVersion", "ec2:GetPasswordData", "kms:Decrypt", "cognito-idp:DescribeUserPoolClient", "cognito-idp:DescribeIdentityProvider"),
    *("lambda:InvokeFunction", "iam:GetSSHPublicKey", "ecr:GetAuthorizationToken", "rds:DownloadDBLogFilePortion", "dynamodb:Scan", "dynamodb:GetItem"),
}
# What the reference calls otherwise than Read or List, though it changes nothing.
READ_ALL_THE_SAME = {
    "s3:GetBucketAcl": "the reference files everything about ACLs under permissions",
}
# Services whose model names a global host, though each region has its own.
REGIONAL_ALL_THE_SAME = {"s3", "sts"}
# Services whose models list no codes, and codes that models leave out since any operation may answer them.
UNLISTED_CODES = {"ec2", "s3", "s3control"}
COMMON_CODES = {"InvalidParameterValue", "ValidationException"}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


@dataclasses.dataclass
class Source:
    id: str
    spec: dict

    @property
    def calls(self) -> list[dict]:
        return self.spec.get("call", [])

    @property
    def kinds(self) -> set[str]:
        return set(self.spec.get("about", [])) or {self.spec.get("of", "")}


@functools.cache
def services() -> dict:
    return tomllib.loads((FOLDER / "services.toml").read_text(encoding="utf-8"))


@functools.cache
def sources() -> dict[str, Source]:
    files = sorted(file for file in FOLDER.glob("*.toml") if file.name != "services.toml")
    return {file.stem: Source(file.stem, tomllib.loads(file.read_text(encoding="utf-8"))) for file in files}


@functools.cache
def kinds() -> dict[str, bool]:
    """Kinds of entity, and whether the organisation owns such."""
    text = ENTITIES.read_text(encoding="utf-8")
    names = re.findall(r"^    (\w+),$", text.split("pub enum EntityKind {")[1].split("\n}")[0], re.MULTILINE)
    foreign = set(re.findall(r"Self::(\w+)", text.split("pub fn is_own")[1].split("}")[0]))
    return {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name not in foreign for name in names}


def action_of(call: dict) -> str:
    prefix = services().get(call["service"], {}).get("prefix", call["service"])
    return call.get("action", f"{prefix}:{call['operation']}")


def service_faults(name: str, service: dict) -> list[str]:
    model = wire_shapes.model_of(name)
    if model is None:
        return [f"AWS has no service `{name}`"]
    faults = [f"`{field}` is no field" for field in service.keys() - SERVICE_FIELDS]
    label = model.metadata["endpointPrefix"]
    is_global = bool(model.metadata.get("globalEndpoint")) and name not in REGIONAL_ALL_THE_SAME
    prefixes = {(model.operation_model(call["operation"]).endpoint or {}).get("hostPrefix", "") for call in calls_of(name)}
    host = "".join(prefixes).replace("{AccountId}", "{account}") + label
    expected = {
        "protocol": wire_shapes.protocol_of(model),
        "json": "1.0" if model.protocol == "json" and model.metadata["jsonVersion"] == "1.0" else None,
        "version": model.api_version if model.protocol in ("ec2", "query") else None,
        "target": model.metadata.get("targetPrefix") if model.protocol == "json" else None,
        "signing": model.signing_name,
        "host": f"{host}.{{suffix}}" if is_global else f"{host}.{{region}}.{{suffix}}",
        "global": is_global,
    }
    own = f"{name}.{{suffix}}" if is_global else f"{name}.{{region}}.{{suffix}}"
    given = {"signing": name, "host": own, "global": False} | service
    faults += [f"`{field}` is {given.get(field)!r}, AWS says {value!r}" for field, value in expected.items() if given.get(field) != value]
    return faults


def calls_of(service: str) -> list[dict]:
    return [call for source in sources().values() for call in source.calls if call["service"] == service]


def source_faults(source: Source) -> list[str]:
    spec = source.spec
    faults = [f"`{field}` is no field" for field in spec.keys() - SOURCE_FIELDS]
    faults += [f"`{kind}` is no kind of entity" for kind in spec.get("about", []) if kind not in kinds()]
    if not 0 < spec.get("volatility", 0) < 100:
        faults.append("its volatility is a number below 100")
    if ("about" in spec) == (spec.get("of") in ("place", "account")):
        faults.append("it is about kinds of entity, or of a place or an account, and not both")
    for words in spec.get("words", {}).values():
        faults += [fault for value in words.values() for fault in template_faults(source, {}, value, {}, set())]
    known: dict[str, list[dict]] = {}
    for call in source.calls:
        faults += [f"{call['name']}: {fault}" for fault in call_faults(source, call, known)]
        twins = known.setdefault(call["name"], [])
        if any(about(source, call) & about(source, twin) for twin in twins):
            faults.append(f"{call['name']}: there are two of this name for one kind")
        twins.append(call)
    for document in spec.get("document", []):
        faults += [f"{document['name']}: `{field}` is no field" for field in document.keys() - DOCUMENT_FIELDS]
        # What documents answer is known to their own tests.
        known.setdefault(document["name"], [])
    for query in spec.get("query", []):
        faults += [f"{query['name']}: {fault}" for fault in query_faults(source, query, known)]
    for gap in spec.get("gap", []):
        faults += [f"{gap['name']}: `{field}` is no field" for field in gap.keys() - GAP_FIELDS]
        faults += [f"{gap['name']}: {fault}" for one in gap["unless"] for fault in reference_faults(source, gap, one, known, "text")]
    return faults


def about(source: Source, part: dict) -> set[str]:
    return set(part.get("about", [])) or source.kinds


def call_faults(source: Source, call: dict, known: dict) -> list[str]:
    faults = [f"`{field}` is no field" for field in call.keys() - CALL_FIELDS]
    service = services().get(call["service"])
    model = wire_shapes.model_of(call["service"])
    if service is None or model is None or call["operation"] not in model.operation_names:
        return [*faults, f"there is no `{call['service']}:{call['operation']}`"]
    operation = model.operation_model(call["operation"])
    faults += [f"it is about {kind}, which its source is not" for kind in set(call.get("about", [])) - source.kinds]
    faults += permission_faults(action_of(call))
    faults += path_faults(call, operation, service)
    faults += page_faults(call, operation)
    faults += absence_faults(call, operation)
    texts = list(strings([call.get(field) for field in ("path", "with", "region", "keeps", "where", "names_objects")]))
    for text in texts:
        faults += template_faults(source, call, text, known, each_shapes(source, call, known))
    faults += each_faults(source, call, known, texts)
    if not re.fullmatch(r"[1-9]\d*d|\{.+\}d", call.get("keeps", "1d")):
        faults.append("`keeps` is a number of days")
    if "without" in call and "each" not in call:
        faults.append("`without` says nothing where there is no `each`")
    answer = wire_shapes.Answer(operation, call.get("body"))
    pointers = [*call.get("until", {}), *([call["names_objects"]["keys"]] if "names_objects" in call else [])]
    faults += [shape for shape in map(answer.at, pointers) if isinstance(shape, str)]
    return faults


def query_faults(source: Source, query: dict, known: dict) -> list[str]:
    faults = [f"`{field}` is no field" for field in query.keys() - QUERY_FIELDS]
    faults += [f"there is no table `{query['table']}`"] if query["table"] not in log_tables() else []
    faults += [f"it is about {kind}, which its source is not" for kind in set(query.get("about", [])) - source.kinds]
    faults += template_faults(source, query, query["sql"], known, each_shapes(source, query, known))
    if "lies" in query:
        faults += [f"`lies.{field}` is no field" for field in query["lies"].keys() - {"at", "below"}]
        faults += reference_faults(source, query, query["lies"]["at"], known, "text")
        faults += template_faults(source, query, query["lies"]["below"], known, [])
    return faults + each_faults(source, query, known, [query["sql"]])


@functools.cache
def log_tables() -> set[str]:
    resources = cloudformation_yaml.load(EVIDENCE_TEMPLATE)["Resources"].values()
    return {resource["Properties"]["TableInput"]["Name"] for resource in resources if resource["Type"] == "AWS::Glue::Table"}


def permission_faults(action: str) -> list[str]:
    entry = entry_of(action)
    if entry is None:
        return [f"there is no action `{action}`"]
    if action in NEVER:
        return [f"`{action}` gives out secrets, data or costs"]
    if entry["access_level"] not in ("Read", "List") and action not in READ_ALL_THE_SAME:
        return [f"`{action}` is of level {entry['access_level']}"]
    return []


def path_faults(call: dict, operation, service: dict) -> list[str]:
    given, http = dict(call.get("with", {})), operation.http
    if service["protocol"] not in ("rest", "rest-json"):
        faults = [f"`{field}` is for REST services" for field in ("path", "method") if field in call]
        return faults + wire_shapes.input_faults(operation, given, set(), set())
    faults = []
    if call.get("method", "GET") != http["method"]:
        faults.append(f"the method is {http['method']}")
    ours, theirs = _TEMPLATE.sub("{}", call.get("path", "/")).split("/"), http["requestUri"].partition("?")[0].split("/")
    labels = {part[1:-1].rstrip("+") for part in theirs if part.startswith("{")}
    same = len(ours) == len(theirs) and all(
        (label.startswith("{") and "{" in part) or part == label for part, label in zip(ours, theirs, strict=True)
    )
    if not same:
        faults.append(f"the path is {http['requestUri']}")
    return faults + wire_shapes.input_faults(operation, given, labels, set(service.get("headers", {})))


def page_faults(call: dict, operation) -> list[str]:
    faults, answer = [], wire_shapes.Answer(operation, call.get("body"))
    for parameter, pointer in call.get("pages", {}).items():
        given = dict(call.get("with", {})) | {parameter: "{token}"}
        service = services()[call["service"]]
        if any(f"`{parameter}`" in fault for fault in path_faults({**call, "with": given}, operation, service)):
            faults.append(f"`{parameter}` is no parameter to go on with")
        shape = answer.at(pointer)
        faults += [shape] if isinstance(shape, str) else []
    # A listing of one is asked for on purpose.
    if call["operation"] in paginators(call["service"]) and not call.get("pages") and call.get("with", {}).get("limit") != 1:
        faults.append("AWS answers it in pages")
    return faults


@functools.cache
def paginators(service: str) -> set[str]:
    try:
        session = botocore.session.get_session()
        return set(session.get_component("data_loader").load_service_model(service, "paginators-1")["pagination"])
    except botocore.exceptions.DataNotFoundError:
        return set()


def absence_faults(call: dict, operation) -> list[str]:
    if call["service"] in UNLISTED_CODES:
        return []
    listed = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes}
    return [f"it never answers `{code}`, only {', '.join(sorted(listed))}" for code in call.get("absent", []) if code not in listed | COMMON_CODES]


def strings(value):
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from strings(one)


def references(call: dict) -> list[str]:
    each = call.get("each", [])
    return [each] if isinstance(each, str) else each


def each_shapes(source: Source, call: dict, known: dict) -> list:
    """The shapes of the values that a call is made for, one a reference."""
    return [shape_of(source, call, one, known) for one in references(call)]


def shape_of(source: Source, part: dict, reference: str, known: dict):
    name, _, pointer = reference.partition(":")
    for other in known.get(name, []):
        if about(source, other) & about(source, part):
            operation = wire_shapes.model_of(other["service"]).operation_model(other["operation"])
            return wire_shapes.Answer(operation, other.get("body")), wire_shapes.Answer(operation, other.get("body")).at(pointer)
    return None, f"no earlier call of these kinds is named `{name}`"


def reference_faults(source: Source, part: dict, reference: str, known: dict, wanted: str) -> list[str]:
    _, shape = shape_of(source, part, reference, known)
    if isinstance(shape, str):
        return [shape]
    return [] if wanted == "any" or wire_shapes.is_one_text(shape) else [f"`{reference}` is no text"]


def each_faults(source: Source, call: dict, known: dict, texts: list[str]) -> list[str]:
    faults = []
    for number, (answer, shape) in enumerate(each_shapes(source, call, known), 1):
        if isinstance(shape, str):
            faults.append(shape)
            continue
        names = {"each", f"each.{number}"}
        used = [name for text in texts for name in _TEMPLATE.findall(text) if re.split(r"[:|]", name)[0] in names]
        if not used:
            faults.append("nothing of it tells the values of `each` apart")
        if "where" in call and number == 1:
            parts = [answer_part(answer, shape, pointer) for pointer in call["where"]]
            faults += [part for part in parts if isinstance(part, str)]
    return faults


def answer_part(answer, shape, pointer: str):
    for part in pointer.split("/")[1:]:
        shape = answer.below(shape, part)
        if shape is None:
            return f"`{part}` of `{{each:{pointer}}}` is not in the answer"
    return shape


def template_faults(source: Source, call: dict, text: str, known: dict, shapes) -> list[str]:
    faults = []
    own = {word for kind in source.spec.get("words", {}).values() for word in kind}
    groups = set(re.compile(source.spec.get("pattern", "")).groupindex)
    if re.search(r"[{}]", _TEMPLATE.sub("", text)):
        faults.append(f"a brace of `{text}` belongs to no template")
    for name in _TEMPLATE.findall(text):
        name, _, filtered = name.partition("|")
        if filtered and filtered not in FILTERS:
            faults.append(f"there is no filter `{filtered}`")
        if name in WORDS | groups | own:
            without = [kind for kind in about(source, call) if name in own and name not in source.spec["words"].get(kind, {})]
            faults += [f"`{{{name}}}` is no word of {kind}" for kind in without]
            continue
        found = re.fullmatch(r"each(?:\.([12]))?(?::(/.+))?", name)
        if found:
            faults += each_template_faults(found, text, name, list(shapes))
        elif ":" in name:
            faults += reference_faults(source, call, name, known, "text")
        else:
            faults.append(f"`{{{name}}}` means nothing")
    return faults


def each_template_faults(found, text: str, name: str, shapes: list) -> list[str]:
    number = int(found.group(1) or 1) - 1
    if number >= len(shapes):
        return [f"there is no `each` for `{{{name}}}`"]
    answer, shape = shapes[number]
    if isinstance(shape, str):
        return []
    if found.group(2):
        shape = answer_part(answer, shape, found.group(2))
    if isinstance(shape, str):
        return [shape]
    whole_list = text == f"#{{{name}}}" and getattr(shape, "type_name", "") == "list"
    return [] if whole_list or wire_shapes.is_one_text(shape) else [f"`{{{name}}}` is no text"]
