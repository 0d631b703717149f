"""Tables of the Glue catalog with partition projection, read from the files in S3 and searched with DuckDB.

Which partitions are read is taken from the query's own WHERE, as DuckDB's parser understands it. Each file is read as the table's SerDe would,
and becomes rows of the table's types; whatever else the query says is DuckDB's affair.
"""

import dataclasses
import gzip
import itertools
import json
import os
import re
import tempfile

from ministack.services import s3

from local_aws import plug

buckets = plug.take(s3, "_buckets")
owner_of = plug.take(s3, "_bucket_owner_account", "name")
read_body = plug.take(s3, "_read_body", "bucket_name", "key", "obj")
# What Trino has and DuckDB lacks.
_TRINO = (
    "CREATE MACRO json_format(value) AS CAST(value AS VARCHAR)",
    "CREATE MACRO json_extract_scalar(value, path) AS json_extract_string(value, path)",
)
_BASIC = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
_TRINO_NAMES = {"VARCHAR": "varchar", "INTEGER": "integer", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "JSON": "json"}
_MOST_INJECTED = 1000


class Cancelled(Exception):
    """A search that Athena ends itself."""


@dataclasses.dataclass
class Found:
    columns: list[str]
    types: list[str]
    rows: list[list]


def is_projected(table: dict) -> bool:
    return (table.get("Parameters") or {}).get("projection.enabled", "").lower() == "true"


def search(query: str, database: str, tables: dict, cutoff: int, statistics: dict) -> Found:
    """What the query finds; the bytes that were read for it are added to `statistics`."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 1})
    with tempfile.TemporaryDirectory(prefix="athena-") as folder:
        try:
            parsed = json.loads(connection.execute("SELECT json_serialize_sql(?)", [query.strip().rstrip(";")]).fetchone()[0])
            if parsed["error"]:
                raise ValueError(f"SYNTAX_ERROR: {parsed['error_message']}")
            named = list(tables_named(parsed["statements"][0]["node"]))
            files = {
                name: files_of(tables[name], [where for other, where in named if other == name]) for name in {name for name, _ in named} & set(tables)
            }
            statistics["DataScannedInBytes"] = 0
            for each in files.values():
                for file in each:
                    statistics["DataScannedInBytes"] += file.object["size"]
                    if cutoff and statistics["DataScannedInBytes"] > cutoff:
                        raise Cancelled("Query cancelled! : Bytes scanned limit was exceeded")
            for macro in _TRINO:
                connection.execute(macro)
            connection.execute(f"CREATE SCHEMA {quoted(database)}; USE {quoted(database)}")
            for name, each in files.items():
                make(connection, name, tables[name], each, os.path.join(folder, f"{name}.json"))
            # What is searched may read no file of this machine.
            connection.execute("SET enable_external_access = false")
            result = connection.execute(query.strip().rstrip(";"))
            description = result.description or []
            types = [_TRINO_NAMES.get(str(column[1]).upper(), "varchar") for column in description]
            return Found([column[0] for column in description], types, [list(row) for row in result.fetchall()])
        finally:
            connection.close()


def tables_named(node, where=None):
    """Each table that the query reads, with the conditions that all its rows have to meet."""
    if isinstance(node, list):
        for part in node:
            yield from tables_named(part, where)
    elif isinstance(node, dict):
        if node.get("type") == "SELECT_NODE":
            where = conditions(node.get("where_clause"))
        if node.get("type") == "BASE_TABLE":
            yield node["table_name"].lower(), [columns_of(condition, node) for condition in where or []]
        for part in node.values():
            yield from tables_named(part, where)


def conditions(clause) -> list[dict]:
    if not clause:
        return []
    if clause["type"] == "CONJUNCTION_AND":
        return [condition for part in clause["children"] for condition in conditions(part)]
    return [clause]


def columns_of(node, table: dict):
    """The same condition, with the columns of this table by their names alone, and nothing that belongs to another or lies in a column."""
    if isinstance(node, list):
        return [columns_of(part, table) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") != "COLUMN_REF":
        return {name: columns_of(part, table) for name, part in node.items()}
    *of, column = [name.lower() for name in node["column_names"]]
    ours = not of or of[-1] == (table["alias"] or table["table_name"]).lower()
    return {**node, "column_names": [column] if ours else [""]}


def column_of(node: dict) -> str:
    return node["column_names"][0] if node["type"] == "COLUMN_REF" else ""


def constant(node: dict) -> str | None:
    return node["literal"]["text"] if node["type"] == "VALUE_CONSTANT" and node["literal"]["kind"] == "STRING" else None


_COMPARED = {
    "COMPARE_EQUAL": lambda value, other: value == other,
    "COMPARE_LESSTHAN": lambda value, other: value < other,
    "COMPARE_LESSTHANOREQUALTO": lambda value, other: value <= other,
    "COMPARE_GREATERTHAN": lambda value, other: value > other,
    "COMPARE_GREATERTHANOREQUALTO": lambda value, other: value >= other,
}


def allowed(column: str, where: list[dict]) -> list:
    """What the conditions say of a column: a set of values, or a test."""
    found = []
    for condition in where:
        kind = condition["type"]
        if kind == "COMPARE_IN" and column_of(condition["children"][0]) == column:
            values = [constant(child) for child in condition["children"][1:]]
            found += [set(values)] if None not in values else []
        elif kind == "COMPARE_BETWEEN" and column_of(condition["input"]) == column:
            lower, upper = constant(condition["lower"]), constant(condition["upper"])
            if lower is not None and upper is not None:
                found.append(lambda value, lower=lower, upper=upper: lower <= value <= upper)
        elif kind in _COMPARED and column_of(condition["left"]) == column and (other := constant(condition["right"])) is not None:
            test = _COMPARED[kind]
            found.append({other} if kind == "COMPARE_EQUAL" else lambda value, test=test, other=other: test(value, other))
    return found


@dataclasses.dataclass
class File:
    bucket: str
    key: str
    object: dict
    partition: dict[str, str]

    @property
    def path(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def lines(self) -> str:
        content = read_body(self.bucket, self.key, self.object)
        return (gzip.decompress(content) if self.key.endswith(".gz") else content).decode("utf-8", "replace")


def files_of(table: dict, wheres: list[list[dict]]) -> list[File]:
    """The files of the partitions that one of the readings of the table wants."""
    found = {}
    for where in wheres:
        for file in files_where(table, where):
            found[file.path] = file
    return [found[path] for path in sorted(found)]


def files_where(table: dict, where: list[dict]):
    parameters = table["Parameters"]
    keys = [key["Name"] for key in table["PartitionKeys"]]
    injected, tests = {}, {}
    for key in keys:
        said = allowed(key, where)
        sets = [one for one in said if isinstance(one, set)]
        tests[key] = [one.__contains__ if isinstance(one, set) else one for one in said]
        kind = parameters.get(f"projection.{key}.type")
        if kind == "injected":
            if not sets:
                raise ValueError(
                    f"CONSTRAINT_VIOLATION: For the injected projected partition column {key}, the WHERE clause must contain only static equality "
                    "conditions, and at least one such condition must be present."
                )
            injected[key] = sorted(set.intersection(*sets))
            if len(injected[key]) > _MOST_INJECTED:
                raise ValueError(f"CONSTRAINT_VIOLATION: more than {_MOST_INJECTED} values of the injected projected partition column {key}")
        elif kind != "date" or parameters.get(f"projection.{key}.format") != "yyyy/MM/dd":
            raise ValueError(f"the local AWS projects no {kind} column `{key}` of this format")
    template = parameters["storage.location.template"].rstrip("/") + "/"
    for values in itertools.product(*injected.values()):
        given = dict(zip(injected, values, strict=True))
        place = re.sub(r"\$\{(\w+)\}", lambda found: given.get(found.group(1), found.group(0)), template)
        (day,) = [key for key in keys if key not in injected]
        prefix, _, behind = place.removeprefix("s3://").partition(f"${{{day}}}")
        bucket, _, prefix = prefix.partition("/")
        held = buckets.get_scoped(owner_of(bucket), None, bucket)
        if held is None:
            raise ValueError(f"PERMISSION_DENIED: the bucket {bucket} does not exist or cannot be read")
        for key in sorted(held["objects"]):
            when = re.fullmatch(re.escape(prefix) + r"(\d{4}/\d\d/\d\d)" + re.escape(behind) + r".+", key)
            if when and all(test(when.group(1)) for test in tests[day]) and not key.endswith("/"):
                yield File(bucket, key, held["objects"][key], {**given, day: when.group(1)})


def make(connection, name: str, table: dict, files: list[File], path: str) -> None:
    """The table, of its own types: its files' rows, the partition that each lies in, and the file."""
    columns = table["StorageDescriptor"]["Columns"]
    types = {column["Name"].lower(): hive_type(column["Type"]) for column in columns}
    types |= {key["Name"]: "VARCHAR" for key in table["PartitionKeys"]} | {"$path": "VARCHAR"}
    read = READERS.get(table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].rsplit(".", 1)[-1])
    if read is None:
        raise ValueError("the local AWS does not know the SerDe " + table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"])
    with open(path, "w", encoding="utf-8") as rows:
        for file in files:
            for row in read(file.lines(), table):
                json.dump({**row, **file.partition, "$path": file.path}, rows)
                rows.write("\n")
    shape = ", ".join(f"{text(column)}: {text(kind)}" for column, kind in types.items())
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM read_json({text(path)}, format = 'newline_delimited', columns = {{{shape}}})")


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def members(inside: str) -> list[str]:
    """The parts between commas, as far as they are in no angle brackets."""
    depth, parts = 0, [""]
    for character in inside:
        depth += (character == "<") - (character == ">")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def hive_type(kind: str) -> str:
    outer, _, inside = kind.strip().lower().partition("<")
    inside = inside[:-1]
    if outer == "struct":
        fields = (member.split(":", 1) for member in members(inside))
        return f"STRUCT({', '.join(f'{quoted(name.strip())} {hive_type(of)}' for name, of in fields)})"
    if outer == "array":
        return hive_type(inside) + "[]"
    if outer == "map":
        key, value = members(inside)
        return f"MAP({hive_type(key)}, {hive_type(value)})"
    return _BASIC[outer]


def shaped(value, kind: str):
    """A value of JSON as a column of this type holds it: members by their names in lower case, and as text whatever is wanted as text."""
    outer, _, inside = kind.strip().partition("<")
    if value is None:
        return None
    if outer == "struct":
        given = {name.lower(): one for name, one in value.items()} if isinstance(value, dict) else {}
        return {name.strip(): shaped(given.get(name.strip().lower()), of) for name, of in (member.split(":", 1) for member in members(inside[:-1]))}
    if outer == "array":
        return [shaped(one, inside[:-1]) for one in value] if isinstance(value, list) else None
    if outer == "map":
        return {name: shaped(one, members(inside[:-1])[1]) for name, one in value.items()} if isinstance(value, dict) else None
    if outer == "string":
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def record(given: dict, table: dict) -> dict:
    by_name = {name.lower(): value for name, value in given.items()}
    return {column["Name"].lower(): shaped(by_name.get(column["Name"].lower()), column["Type"]) for column in table["StorageDescriptor"]["Columns"]}


def cloudtrail_records(content: str, table: dict):
    if not table["StorageDescriptor"]["InputFormat"].endswith("CloudTrailInputFormat"):
        yield from json_lines(content, table)
        return
    for one in json.loads(content)["Records"]:
        yield record(one, table)


def json_lines(content: str, table: dict):
    for line in filter(None, map(str.strip, content.splitlines())):
        try:
            yield record(json.loads(line), table)
        except (ValueError, AttributeError):
            if table["StorageDescriptor"]["SerdeInfo"]["Parameters"].get("ignore.malformed.json") != "true":
                raise ValueError("HIVE_BAD_DATA: Error parsing a row of JSON") from None
            yield {}


def delimited_lines(content: str, table: dict):
    columns = table["StorageDescriptor"]["Columns"]
    separator = table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["field.delim"]
    for line in content.splitlines()[int(table["Parameters"].get("skip.header.line.count", 0)) :]:
        fields = itertools.chain(line.split(separator), itertools.repeat(None))
        yield {column["Name"].lower(): plain(value, column["Type"]) for column, value in zip(columns, fields, strict=False)}


def plain(value: str | None, kind: str):
    if value is None or kind == "string":
        return value
    return int(value) if re.fullmatch(r"-?\d+", value) else None


def matched_lines(content: str, table: dict):
    columns = table["StorageDescriptor"]["Columns"]
    pattern = re.compile(table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["input.regex"])
    for line in content.splitlines():
        found = pattern.fullmatch(line)
        yield {column["Name"].lower(): value for column, value in zip(columns, found.groups(), strict=True)} if found else {}


# By the last part of the SerDe's name. Two are called alike, and both read a line of JSON as a row.
READERS = {
    "JsonSerDe": cloudtrail_records,
    "LazySimpleSerDe": delimited_lines,
    "RegexSerDe": matched_lines,
}
