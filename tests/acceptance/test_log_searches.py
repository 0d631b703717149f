"""Big logs are searched where they lie: each query of each source, on the emulated Athena, over log files as AWS delivers them."""

import csv
import io
import json
import pathlib
import re
import uuid

import botocore.exceptions
import cloudformation_yaml
import duckdb
import log_files
import pytest
from demo import stack
from evidence_calls import sources
from local_aws import LocalAws
from log_files import ACCOUNT, ADDRESS, ENDPOINT, INSTANCE, INTERFACE, LOGS, MODEL, REGION, VARIANT, VPC, WEB_ACL
from vault_requests import ADMINISTRATOR, CUSTODIAN, Vault

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# The least that Athena takes.
CUTOFF = 10_000_000
QUERIES = [(name, query) for name, source in sources().items() for query in source.spec.get("query", [])]
NAMES = [f"{name}-{query['name']}-{'-'.join(query.get('about', []))}" for name, query in QUERIES]
# What tells one row from another, by table.
ROW = {
    "cloudtrail": "eventid",
    "vpc_flow_logs": "packets",
    "resolver_query_logs": "query_name",
    "waf_logs": "request_id",
    "load_balancer_logs": "trace_id",
    "model_invocations": "requestid",
    "data_captures": "event_id",
}
# source, query, kind, subject, each, rows
CASES = [
    ("trail-search", "by", "role", "shop-app", "", {"read", "read-quote", "assume", "attach"}),
    ("trail-search", "by", "role", "app", "", set()),
    ("trail-search", "by", "user", "alice", "", {"assume", "key"}),
    ("trail-search", "by", "user", "bob", "", {"key"}),
    ("trail-search", "by", "user", "shop-app", "", set()),
    ("trail-search", "by", "access-key", "AKIAALICE00000000001", "", {"assume", "key"}),
    ("trail-search", "by", "access-key", "ASIASHOPAPP000000001", "", {"read", "read-quote", "assume"}),
    ("trail-search", "by", "access-key", "AKIABOB0000000000001", "", {"key"}),
    ("trail-search", "by", "session", f"AROASHOPAPP:{INSTANCE}", "", {"read"}),
    ("trail-search", "by", "session", f"shop-app/{INSTANCE}", "", {"read"}),
    ("trail-search", "by", "session", "AROASHOPAPP:o'brien", "", {"read-quote"}),
    ("trail-search", "by", "root-user", ACCOUNT, "", {"attach"}),
    ("trail-search", "by", "identity-user", "d-99670a1b2c", "", {"employee", "stop"}),
    ("trail-search", "to", "bucket", "shop-customers", "", {"read"}),
    ("trail-search", "to", "object", "shop-customers/2026/list.csv", "", {"read"}),
    ("trail-search", "to", "instance", INSTANCE, "", {"read"}),
    ("trail-search", "to", "bucket", "shop", "", set()),
    ("trail-search", "to", "key", "1234abcd-12ab-34cd-56ef-1234567890ab", "", {"decrypt"}),
    ("trail-search", "to", "task", "orders/0a1b2c3d4e5f", "", {"stop"}),
    ("flow-log-search", "flows", "instance", INSTANCE, INTERFACE, {"11", None}),
    ("flow-log-search", "flows", "network-interface", INTERFACE, "", {"11", None}),
    ("flow-log-search", "flows", "address", ADDRESS, "", {"11", "12"}),
    ("resolver-search", "names", "instance", INSTANCE, VPC, {"evil.example."}),
    ("web-search", "load-balancers", "address", ADDRESS, "", {"b-1"}),
    ("web-search", "load-balancers", "address", "2001:db8::7", "", {"b-3"}),
    ("web-search", "waf", "address", ADDRESS, WEB_ACL, {"w-1"}),
    ("web-search", "waf-of-cloudfront", "address", ADDRESS, WEB_ACL, {"w-3"}),
    ("web-search", "waf", "web-acl", WEB_ACL, "", {"w-1", "w-2", "w-3", None}),
    ("invocation-search", "invocations", "model", MODEL, "", {"by-id", "by-profile"}),
    ("invocation-search", "invocations", "model", f"eu.{MODEL}", "", {"by-profile"}),
    ("invocation-search", "invocations", "invocation-log", f"{ACCOUNT}:{REGION}", "", {"by-id", "by-profile", "other-model"}),
    ("invocation-search", "invocations", "role", "shop-app", "", {"by-id"}),
    ("invocation-search", "invocations", "user", "alice", "", {"by-profile"}),
    ("invocation-search", "invocations", "session", f"shop-app/{INSTANCE}", "", {"by-id"}),
    ("invocation-search", "invocations", "session", f"AROASHOPAPP:{INSTANCE}", "", {"by-id"}),
    ("capture-search", "captures", "endpoint", ENDPOINT, VARIANT, {"asked", "answered", None}),
    ("capture-search", "captures", "endpoint", ENDPOINT, "live", set()),
    ("capture-search", "shadow-captures", "endpoint", ENDPOINT, VARIANT, {"asked", "answered", None}),
]


class Athena:
    """Searches as `preserve-evidence` does: with the role for it, in the workgroup of the evidence account."""

    def __init__(self, aws, role: str):
        aws.client("iam").create_role(RoleName="tocsin-preserve-evidence", AssumeRolePolicyDocument=stack.trust("lambda.amazonaws.com"))
        function = aws.assume_role(f"arn:aws:iam::{aws.account}:role/tocsin-preserve-evidence")
        given = aws.client("sts", credentials=function).assume_role(RoleArn=role, RoleSessionName="searches")["Credentials"]
        credentials = {"access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "session_token": given["SessionToken"]}
        self.aws, self.client = aws, aws.client("athena", region=REGION, credentials=credentials)
        self.s3 = aws.client("s3", credentials=credentials)

    def start(self, sql: str, **more) -> str:
        asked = {"WorkGroup": "tocsin-evidence", "QueryExecutionContext": {"Database": "tocsin_evidence"}} | more
        return self.client.start_query_execution(QueryString=sql, **asked)["QueryExecutionId"]

    def end(self, query_id: str) -> dict:
        def ended():
            found = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            return found if found["Status"]["State"] not in ("QUEUED", "RUNNING") else None

        return self.aws.wait_until(ended, 20, what="the end of the search")

    def rows(self, sql: str) -> list[dict]:
        execution = self.end(self.start(sql))
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        bucket, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
        text = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def logs():
    with LocalAws(REPOSITORY / "target" / "local-aws" / "log-searches") as aws:
        # The bucket of an organization's logs is in an account of its own.
        s3 = aws.client("s3", account="222233334444")
        s3.create_bucket(Bucket=LOGS, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, content in log_files.files():
            s3.put_object(Bucket=LOGS, Key=key, Body=content)
        yield aws


@pytest.fixture(scope="module")
def kept(logs):
    parameters = stack.evidence_parameters(logs, **log_files.LOCATIONS, BytesScannedCutoff=CUTOFF)
    return logs.deploy("tocsin-evidence", REPOSITORY / "infra/evidence.yaml", parameters, account=stack.EVIDENCE)


@pytest.fixture(scope="module")
def athena(logs, kept):
    return Athena(logs, kept["LogReaderRoleArn"])


def query_of(source: str, name: str, kind: str) -> dict:
    spec = sources()[source].spec
    (found,) = [one for one in spec["query"] if one["name"] == name and kind in one.get("about", spec["about"])]
    return found


def filled(source: str, query: dict, kind: str, subject: str, each: str = "") -> str:
    """As the engine fills it: a quote in a value is doubled."""
    known = {
        "subject": subject,
        "each": each,
        "account": ACCOUNT,
        "region": REGION,
        "global": "us-east-1",
        "from.day": "2026/11/20",
        "to.day": "2026/11/22",
    }
    known |= sources()[source].spec.get("words", {}).get(kind, {})
    return re.sub(r"\{([^{}]+)\}", lambda found: known[found.group(1)].replace("'", "''"), query["sql"])


@pytest.mark.parametrize(("source", "name", "kind", "subject", "each", "rows"), CASES)
def test_a_search_finds_its_rows_and_no_others(athena, source, name, kind, subject, each, rows):
    query = query_of(source, name, kind)
    found = athena.rows(filled(source, query, kind, subject, each))
    # As often as expected: no partition aside of the asked ones was read.
    assert sorted(row[ROW[query["table"]]] for row in found) == sorted(one or "" for one in rows)
    assert all(row["file"].startswith(f"s3://{LOGS}/") for row in found)


def test_every_query_and_every_word_has_a_case():
    cases = {(source, name, kind) for source, name, kind, *_ in CASES}
    for source, query in QUERIES:
        words = sources()[source].spec.get("words", {})
        kinds = set(query.get("about", sources()[source].spec["about"]))
        covered = {kind for kind in kinds if (source, query["name"], kind) in cases}
        assert covered, (source, query["name"])
        assert kinds & words.keys() <= covered, (source, query["name"])


@pytest.mark.parametrize("quoting", ["x' OR '1'='1", "x'; DROP TABLE cloudtrail; --", "x'' OR 1=1 --", "'"])
@pytest.mark.parametrize(("source", "query"), QUERIES, ids=NAMES)
def test_a_quote_in_a_subject_does_no_harm(athena, source, query, quoting):
    kind = query.get("about", sources()[source].spec["about"])[0]
    each = "" if "{each}" not in query["sql"] else quoting
    assert athena.rows(filled(source, query, kind, quoting, each)) == []


def test_an_investigator_sees_what_was_called_by_whom_from_where(athena):
    (row,) = athena.rows(filled("trail-search", query_of("trail-search", "to", "bucket"), "bucket", "shop-customers"))
    assert (row["eventtime"], row["eventname"], row["sourceipaddress"], row["readonly"]) == ("2026-11-21T08:15:00Z", "GetObject", ADDRESS, "true")
    assert (row["principal_type"], row["session_issuer"], row["access_key"]) == ("AssumedRole", log_files.ROLE_ARN, "ASIASHOPAPP000000001")
    assert json.loads(row["requestparameters"]) == {"bucketName": "shop-customers", "key": "2026/list.csv"}
    assert [one["arn"] for one in json.loads(row["resources"])] == ["arn:aws:s3:::shop-customers/2026/list.csv", "arn:aws:s3:::shop-customers"]
    assert row["host"] == "s3.eu-central-1.amazonaws.com"


def test_the_map_says_whose_prompts_lie_where_and_repeats_none(athena):
    found = athena.rows(filled("invocation-search", query_of("invocation-search", "invocations", "model"), "model", MODEL))
    rows = {row["requestid"]: row for row in found}
    row = rows["by-profile"]
    assert json.loads(row["request_metadata"]) == {"customer": "c-1002"}
    assert (row["principal_arn"], row["input_tokens"], row["output_tokens"]) == (f"arn:aws:iam::{ACCOUNT}:user/alice", "21", "340")
    assert row["output_object"] == f"s3://{LOGS}/bedrock/AWSLogs/data/by-profile.json.gz"
    assert row["file"].endswith("/BedrockModelInvocationLogs/eu-central-1/2026/11/21/08/i.json.gz")
    assert int(row["input_length"]) > 40 and "4111" not in json.dumps(found)


def test_the_map_of_captures_says_what_lies_where_and_repeats_none_of_it(athena):
    query = query_of("capture-search", "captures", "endpoint")
    found = athena.rows(filled("capture-search", query, "endpoint", ENDPOINT, VARIANT))
    rows = {row["event_id"]: row for row in found}
    asked, answered = rows["asked"], rows["answered"]
    assert (asked["inference_time"], asked["endpoint"], asked["variant"]) == ("2026-11-21T08:00:00Z", ENDPOINT, VARIANT)
    assert (asked["inference_id"], json.loads(asked["custom_attributes"])) == ("c-1001/1", ["customer=c-1001"])
    assert (asked["input_type"], asked["input_encoding"], asked["input_length"]) == ("application/json", "JSON", "28")
    assert (answered["input_type"], answered["output_type"], answered["output_length"]) == ("", "text/csv; charset=utf-8", "4")
    assert asked["file"].endswith(f"/{ENDPOINT}/{VARIANT}/2026/11/21/08/12-34-567-0a1b.jsonl")
    assert not any(content in json.dumps(found) for content in ("ada@example.com", "0.93", "0.07"))


def test_a_flow_without_traffic_has_no_addresses(athena):
    rows = athena.rows(filled("flow-log-search", query_of("flow-log-search", "flows", "network-interface"), "network-interface", INTERFACE))
    assert [(row["log_status"], row["srcport"], row["end"]) for row in rows] == [("OK", "44321", "1795248060"), ("NODATA", "", "1795248120")]


TABLES = {
    resource["Properties"]["TableInput"]["Name"]: resource["Properties"]["TableInput"]
    for resource in cloudformation_yaml.load(REPOSITORY / "infra/evidence.yaml")["Resources"].values()
    if resource["Type"] == "AWS::Glue::Table"
}


def all_of(clause: dict) -> list[dict]:
    return [part for child in clause["children"] for part in all_of(child)] if clause["type"] == "CONJUNCTION_AND" else [clause]


def unpruned(sql: str, table: str) -> set[str]:
    """The partition keys that a query does not limit for all of its rows."""
    (statement,) = json.loads(duckdb.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()[0])["statements"]
    node = statement["node"]
    assert (node["from_table"]["type"], node["from_table"]["table_name"]) == ("BASE_TABLE", table)
    limited = set()
    for clause in all_of(node["where_clause"]):
        sides = clause.get("children") or [clause.get("input") or clause.get("left"), clause.get("lower") or clause.get("right")]
        if clause["type"] in ("COMPARE_EQUAL", "COMPARE_IN", "COMPARE_BETWEEN") and all(side["type"] == "VALUE_CONSTANT" for side in sides[1:]):
            limited |= set(sides[0].get("column_names", []))
    return {key["Name"] for key in TABLES[table]["PartitionKeys"]} - limited


@pytest.mark.parametrize(("source", "query"), QUERIES, ids=NAMES)
def test_a_query_reads_no_more_than_its_partitions(source, query):
    kind = query.get("about", sources()[source].spec["about"])[0]
    assert unpruned(filled(source, query, kind, "x", "y"), query["table"]) == set()
    assert "account = '{account}'" in query["sql"] and "day BETWEEN '{from.day}' AND '{to.day}'" in query["sql"]
    # Values stand inside quotes, where a doubled quote is all that has to be thought of.
    assert "{" not in re.sub(r"'[^']*'", "", query["sql"])


def test_a_query_that_is_not_pruned_is_seen():
    pruned = "account = 'a' AND region IN ('r') AND day BETWEEN '1' AND '2'"
    assert unpruned(f"SELECT eventid FROM cloudtrail WHERE {pruned}", "cloudtrail") == set()
    assert unpruned(f"SELECT eventid FROM cloudtrail WHERE {pruned} OR eventid = 'x'", "cloudtrail") == {"account", "region", "day"}
    assert unpruned("SELECT eventid FROM cloudtrail WHERE account = 'a' AND region = awsregion", "cloudtrail") == {"region", "day"}


def test_athena_refuses_a_query_that_names_no_partition(athena):
    status = athena.end(athena.start("SELECT eventid FROM cloudtrail WHERE region = 'eu-central-1' AND day > '2026/11/01'"))["Status"]
    assert status["State"] == "FAILED"
    assert "CONSTRAINT_VIOLATION: For the injected projected partition column account" in status["StateChangeReason"]


def test_a_search_that_reads_too_much_is_ended_and_says_so(logs, athena):
    key = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/11/22/large.log.gz"
    logs.client("s3", account="222233334444").put_object(Bucket=LOGS, Key=key, Body=b"0" * (CUTOFF + 1))
    try:
        query = query_of("flow-log-search", "flows", "address")
        execution = athena.end(athena.start(filled("flow-log-search", query, "address", ADDRESS)))
    finally:
        logs.client("s3", account="222233334444").delete_object(Bucket=LOGS, Key=key)
    assert execution["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]
    assert execution["Statistics"]["DataScannedInBytes"] > CUTOFF
    bucket, result = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
        athena.s3.get_object(Bucket=bucket, Key=result)


def test_only_the_files_of_the_partitions_count(athena):
    query = query_of("flow-log-search", "flows", "address")
    scanned = athena.end(athena.start(filled("flow-log-search", query, "address", ADDRESS)))["Statistics"]["DataScannedInBytes"]
    (size,) = {len(content) for key, content in log_files.files() if "vpcflowlogs" in key}
    assert scanned == size


def test_a_search_is_started_once_and_its_result_goes_where_the_workgroup_says(logs, kept, athena):
    sql = filled("flow-log-search", query_of("flow-log-search", "flows", "address"), "address", ADDRESS)
    token = uuid.uuid4().hex
    first = athena.start(sql, ClientRequestToken=token, ResultConfiguration={"OutputLocation": "s3://elsewhere/"})
    assert athena.start(sql, ClientRequestToken=token) == first
    with pytest.raises(botocore.exceptions.ClientError, match="Idempotent parameters do not match"):
        athena.start(sql + " ", ClientRequestToken=token)
    place = athena.end(first)["ResultConfiguration"]
    assert place["OutputLocation"] == f"s3://{kept['SearchResultsBucket']}/{first}.csv"
    assert place["ExpectedBucketOwner"] == stack.EVIDENCE
    head = athena.s3.head_object(Bucket=kept["SearchResultsBucket"], Key=f"{first}.csv")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", place["EncryptionConfiguration"]["KmsKey"])


def test_the_role_may_do_what_a_search_needs_and_no_more(logs, athena):
    athena.rows(filled("trail-search", query_of("trail-search", "to", "bucket"), "bucket", "shop-customers"))
    needed = {action for call in logs.calls() if call["service"] == "athena" for action in call["actions"]}
    iam, role = logs.client("iam", account=stack.EVIDENCE), "Tocsin-LogReader"
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    allowed = {action for document in documents for statement in document["Statement"] for action in statement["Action"]}
    # Asked for by nothing yet: a search ends by itself, or by its cutoff.
    assert allowed == needed | {"athena:StopQueryExecution"}


def test_results_are_read_by_those_who_search_and_copy_alone(logs, kept):
    policy = logs.client("s3", account=stack.EVIDENCE).get_bucket_policy(Bucket=kept["SearchResultsBucket"])["Policy"]
    results = Vault(kept["SearchResultsBucket"], "", policy)
    searches, copies = (f"arn:aws:iam::{stack.EVIDENCE}:role/Tocsin-{name}" for name in ("LogReader", "Member-CopyObjects"))
    for who, reads, writes in ((searches, True, True), (copies, True, False), (ADMINISTRATOR, False, False), (CUSTODIAN, False, False)):
        for action, is_left in (("GetObject", reads), ("GetObjectVersion", reads), ("PutObject", writes)):
            assert results.decision(who, action, "found.csv") == ("ImplicitDeny" if is_left else "Deny"), (who, action)
        assert results.decision(who, "GetObject", "found.csv", aws__SecureTransport="false") == "Deny"
