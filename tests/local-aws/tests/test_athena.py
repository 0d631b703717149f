"""The emulated Athena: what a workgroup rules, and that nobody who searches nothing waits for DuckDB."""

import json
import pathlib

import botocore.exceptions
import pytest

DATABASE = {"QueryExecutionContext": {"Database": "logs"}}
TRAIL = [{"eventID": "e-1", "eventName": "GetObject", "readOnly": True, "requestParameters": {"bucketName": "o'b"}, "userIdentity": {"arn": None}}]


def loaded(aws) -> bool:
    return "duckdb" in pathlib.Path(f"/proc/{aws.state['pid']}/maps").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table(aws):
    """A table of a trail's files with partition projection, in a workgroup of its own."""
    assert not loaded(aws)
    s3, glue, athena = aws.client("s3"), aws.client("glue"), aws.client("athena")
    for bucket in ("the-logs", "the-results"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    for day in ("2026/11/20", "2026/11/21"):
        s3.put_object(Bucket="the-logs", Key=f"AWSLogs/1/{day}/a.json", Body=json.dumps({"Records": TRAIL}).encode())
    glue.create_database(DatabaseInput={"Name": "logs"})
    columns = {"eventid": "string", "eventname": "string", "readonly": "string", "requestparameters": "string", "useridentity": "struct<arn:string>"}
    storage = {
        "Location": "s3://the-logs/",
        "InputFormat": "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe", "Parameters": {}},
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
    }
    parameters = {
        "projection.enabled": "true",
        "projection.account.type": "injected",
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "storage.location.template": "s3://the-logs/AWSLogs/${account}/${day}",
    }
    keys = [{"Name": name, "Type": "string"} for name in ("account", "day")]
    glue.create_table(
        DatabaseName="logs", TableInput={"Name": "trail", "StorageDescriptor": storage, "PartitionKeys": keys, "Parameters": parameters}
    )
    configuration = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://the-results/found/"}}
    athena.create_work_group(Name="searches", Configuration=configuration)


def search(aws, sql: str) -> dict:
    athena = aws.client("athena")
    started = athena.start_query_execution(QueryString=sql, WorkGroup="searches", **DATABASE)["QueryExecutionId"]

    def ended():
        found = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        return found if found["Status"]["State"] not in ("QUEUED", "RUNNING") else None

    return aws.wait_until(ended, what="the end of the search")


def result(aws, sql: str) -> str:
    execution = search(aws, sql)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    bucket, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    return aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_a_result_has_every_value_in_quotes_and_none_for_null(aws, table):
    sql = "SELECT eventid, readonly, requestparameters, useridentity.arn AS arn, day, \"$path\" AS file FROM trail WHERE account = '1' AND day > '2026/11/20'"
    lines = result(aws, sql).splitlines()
    assert lines[0] == '"eventid","readonly","requestparameters","arn","day","file"'
    assert lines[1:] == ['"e-1","true","{""bucketName"":""o\'b""}",,"2026/11/21","s3://the-logs/AWSLogs/1/2026/11/21/a.json"']


def test_partitions_are_those_that_every_reading_names(aws, table):
    both = "SELECT count(*) AS n FROM trail a, trail b WHERE a.account = '1' AND b.account = '1' AND a.day = '2026/11/20' AND b.day = '2026/11/21'"
    assert result(aws, both) == '"n"\n"1"\n'
    within = "WITH named AS (SELECT day FROM logs.trail WHERE account IN ('1', '2') AND day <= '2026/11/20') SELECT day FROM named"
    assert result(aws, within) == '"day"\n"2026/11/20"\n'
    assert result(aws, "SELECT day FROM trail WHERE account = '1' AND day < '2026'") == '"day"\n'


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT day FROM trail", "CONSTRAINT_VIOLATION"),
        ("SELECT day FROM trail WHERE account = '1' OR day = '2026/11/20'", "CONSTRAINT_VIOLATION"),
        ("SELECT day FROM trail WHERE account = (SELECT '1')", "CONSTRAINT_VIOLATION"),
        ("SELECT days FROM trail WHERE account = '1'", "days"),
        ("SELECT * FROM trail t, read_text('/etc/hostname') WHERE t.account = '1'", "disabled"),
    ],
)
def test_a_search_that_fails_says_why(aws, table, sql, reason):
    status = search(aws, sql)["Status"]
    assert (status["State"], reason in status["StateChangeReason"]) == ("FAILED", True), status


def test_a_workgroup_that_is_not_there_starts_nothing(aws, table):
    with pytest.raises(botocore.exceptions.ClientError, match="WorkGroup others is not found"):
        aws.client("athena").start_query_execution(QueryString="SELECT 1", WorkGroup="others", **DATABASE)


def test_duckdb_is_loaded_by_the_first_search(aws, table):
    result(aws, "SELECT eventid FROM trail WHERE account = '1'")
    assert loaded(aws)
