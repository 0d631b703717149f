"""Athena over the log files that lie in S3, where ministack's differs from AWS.

ministack runs SQL with DuckDB over whole tables. Here a table with partition projection reads only the partitions that a query names
and refuses a query that names none; a workgroup rules where results go and how many bytes a search may read.
"""

import asyncio
import json
import sys
import time

from ministack.core.responses import error_response_json, json_response

from local_aws import log_tables, plug

# Loading DuckDB takes as long as a tenth of the gateway's start, and ministack would do it to see whether it is there.
sys.modules.setdefault("duckdb", None)
from ministack.services import athena, glue, s3  # noqa: E402

if sys.modules["duckdb"] is None:
    del sys.modules["duckdb"]
athena.ATHENA_ENGINE = "duckdb"

executions = plug.take(athena, "_executions")
workgroups = plug.take(athena, "_workgroups")
tables = plug.take(glue, "_tables")
datum_text = plug.take(athena, "_datum_text", "value")
put_object = plug.take(s3, "_put_object", "bucket_name", "key", "body", "headers")
# (workgroup, token) -> what was asked with it, and the search that it started.
_started: dict[tuple, tuple] = {}
_TOKEN = range(32, 129)
_ENCRYPTED = {"SSE_KMS": "aws:kms", "SSE_S3": "AES256"}


def refused(message: str):
    return error_response_json("InvalidRequestException", message, 400)


@plug.replaces(athena, "_start_query_execution", "data")
def start(original, data):
    name = data.get("WorkGroup", "primary")
    group = workgroups.get(name)
    if group is None:
        return refused(f"WorkGroup {name} is not found.")
    if group["State"] != "ENABLED":
        return refused(f"WorkGroup {name} is disabled.")
    configuration = group.get("Configuration") or {}
    # An enforced workgroup hears nothing of what a caller wants done with the results.
    if configuration.get("EnforceWorkGroupConfiguration"):
        data = {field: value for field, value in data.items() if field != "ResultConfiguration"}
    token = data.get("ClientRequestToken")
    if token is None:
        return begin(original, data, configuration)
    if len(token) not in _TOKEN:
        return refused("ClientRequestToken has 32 to 128 characters")
    place = (athena.get_account_id(), athena.get_region(), token)
    asked = json.dumps(
        {field: data.get(field) for field in ("QueryString", "QueryExecutionContext", "ResultConfiguration", "WorkGroup")}, sort_keys=True
    )
    if place in _started:
        before, query_id = _started[place]
        return json_response({"QueryExecutionId": query_id}) if before == asked else refused("Idempotent parameters do not match")
    answer = begin(original, data, configuration)
    if answer[0] == 200:
        _started[place] = (asked, json.loads(answer[2])["QueryExecutionId"])
    return answer


def begin(original, data: dict, configuration: dict):
    answer = original(data)
    if answer[0] == 200:
        execution = executions[json.loads(answer[2])["QueryExecutionId"]]
        given = configuration.get("ResultConfiguration") or {}
        execution["ResultConfiguration"] |= {field: given[field] for field in ("EncryptionConfiguration", "ExpectedBucketOwner") if field in given}
        execution["_cutoff"] = int(configuration.get("BytesScannedCutoffPerQuery") or 0)
    return answer


@plug.replaces(athena, "_execute_query", "query_id", "query", "database", "ddl", "catalog")
async def execute(original, query_id, query, database, ddl, catalog=None):
    projected = {}
    if ddl is None:
        in_database = {name.split("/", 1)[1]: table for name, table in tables.items() if name.split("/", 1)[0] == database}
        projected = {name: table for name, table in in_database.items() if log_tables.is_projected(table)}
    if not projected:
        await original(query_id, query, database, ddl, catalog)
        return
    execution = executions[query_id]
    execution["Status"]["State"] = "RUNNING"
    began = time.monotonic()
    state, reason = "SUCCEEDED", ""
    try:
        found = await asyncio.to_thread(log_tables.search, query, database, projected, execution["_cutoff"], execution["Statistics"])
        execution["_results"] = {"columns": found.columns, "rows": found.rows}
        execution["_column_types"] = found.types
        if execution["Status"]["State"] == "RUNNING":
            keep_result(execution, found)
    except log_tables.Cancelled as error:
        state, reason = "CANCELLED", str(error)
    except Exception as error:  # whatever it is, AWS would say that the search failed
        state, reason = "FAILED", str(error)
    status = execution["Status"]
    elapsed = int((time.monotonic() - began) * 1000)
    execution["Statistics"] |= {"EngineExecutionTimeInMillis": elapsed, "TotalExecutionTimeInMillis": elapsed}
    if status["State"] == "RUNNING":
        status |= {"State": state, "StateChangeReason": reason[:1024], "CompletionDateTime": time.time()}
        if state == "FAILED":
            status["AthenaError"] = {"ErrorCategory": 2, "Retryable": False, "ErrorMessage": reason[:1024]}


def keep_result(execution: dict, found) -> None:
    """As Athena writes it: every value in quotes, nothing at all for one that is not there."""
    lines = [",".join(written(value) for value in row) + "\n" for row in [found.columns, *found.rows]]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    encryption = execution["ResultConfiguration"].get("EncryptionConfiguration") or {}
    headers = {"content-type": "application/octet-stream"}
    if encryption:
        headers["x-amz-server-side-encryption"] = _ENCRYPTED[encryption["EncryptionOption"]]
    if "KmsKey" in encryption:
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = encryption["KmsKey"]
    for name, content in ((key, "".join(lines)), (f"{key}.metadata", "\n".join(found.columns))):
        answer = put_object(bucket, name, content.encode(), headers)
        if answer[0] >= 300:
            raise RuntimeError(f"Unable to write to the output location of {bucket}: S3 answers {answer[0]}")


def written(value) -> str:
    return "" if value is None else '"' + datum_text(value).replace('"', '""') + '"'
