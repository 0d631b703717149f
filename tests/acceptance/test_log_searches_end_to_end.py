"""Logs of an organization are searched for an incident: what was asked and what it found lie in the vault, as any other evidence.

The emulated Athena reads the log files in S3; nothing of the local AWS writes any, so the test does.
"""

import datetime
import gzip
import json
import pathlib

import log_files
import pytest
from demo import organisation, stack
from demo.records import Records
from local_aws import LocalAws
from responses import Response
from targets.endpoint import CAPTURE, Endpoint

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROLE, BUCKET, OTHER_BUCKET = "checkout", "shop-baskets", "shop-wishes"
# Athena takes no less.
CUTOFF = 10_000_000
LOGGED = {name: log_files.LOCATIONS[name] for name in ("TrailLocation", "FlowLogLocation", "DataCaptureLocation")} | {"BytesScannedCutoff": str(CUTOFF)}
# An account whose trail is too large to be searched.
LARGE = "111122223333"


def finding(now: datetime.datetime, account: str, *more: str) -> dict:
    """Of a scanner of the company's own: no action is right without a look, so nothing is contained."""
    moment = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    named = (*more, f"arn:aws:iam::{account}:role/{ROLE}", f"arn:aws:s3:::{BUCKET if account == stack.MEMBER else OTHER_BUCKET}")
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"own-scanner/searched-{account}",
        "ProductArn": f"arn:aws:securityhub:{log_files.REGION}:{account}:product/{account}/default",
        "GeneratorId": "own-scanner",
        "AwsAccountId": account,
        "Region": log_files.REGION,
        "Types": ["TTPs/Discovery"],
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "Severity": {"Label": "HIGH"},
        "Title": "A role read baskets",
        "Description": "A finding that names a role and a bucket.",
        "Resources": [{"Type": "Other", "Id": arn, "Partition": "aws", "Region": log_files.REGION} for arn in named],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


class Searched(Response):
    def __init__(self, aws, deployed, account: str, *named: str):
        self.aws, self.stack, self.records = aws, deployed, Records(aws, deployed.table)
        found = finding(datetime.datetime.now(datetime.UTC), account, *named)
        self.follow(json.dumps(found))
        place = {"account": account, "region": log_files.REGION}
        event = {"source": "aws.securityhub", "detail-type": "Security Hub Findings - Imported", "detail": {"findings": [found]}}
        aws.client("sqs").send_message(QueueUrl=deployed.queue, MessageBody=json.dumps(event | place))
        name = f"evidence-preservation {self.incident}"
        ended = lambda: self.watch.executions("evidence-preservation").get(name, "RUNNING") != "RUNNING"  # noqa: E731
        aws.wait_until(ended, seconds=180, every=0.2, what="the end of preservation")

    def gaps(self) -> dict[tuple[str, str], str]:
        """The reasons, by source and part."""
        return {(item["item"]["source"], gap["part"]): gap["reason"] for item in self.of("EVIDENCE") for gap in item["gaps"]}

    def copies(self) -> list[bytes]:
        return [self.read(path) for path in self.vault() if path.startswith("evidence/objects/")]


@pytest.fixture(scope="module")
def deployed():
    with LocalAws(REPOSITORY / "target" / "local-aws" / "log-searches-e2e") as aws:
        deployed = stack.deploy(aws, **LOGGED)
        organisation.put(aws, deployed.settings, organisation.settings([]))
        write_logs(aws, datetime.datetime.now(datetime.UTC))
        yield aws, deployed


@pytest.fixture(scope="module")
def endpoints(deployed):
    """One that captures where the table of captures is read from, one that captures elsewhere."""
    aws, _ = deployed
    place = f"s3://{log_files.LOCATIONS['DataCaptureLocation']}/{stack.MEMBER}/{log_files.REGION}/"
    ours = Endpoint(aws.at(stack.MEMBER), capture=CAPTURE | {"DestinationS3Uri": place})
    day = datetime.datetime.now(datetime.UTC)
    key = f"{place}{ours.id}/live-0/{day:%Y/%m/%d/%H}/a.jsonl".removeprefix(f"s3://{log_files.LOGS}/")
    lines = log_files.lines([log_files.captured("request-1", "ada,4711", "0.93", "c-1001")])
    aws.client("s3", account="222233334444").put_object(Bucket=log_files.LOGS, Key=key, Body=lines.encode())
    return ours, Endpoint(aws.at(stack.MEMBER), capture=CAPTURE)


@pytest.fixture(scope="module")
def searched(deployed, endpoints):
    arns = (f"arn:aws:sagemaker:{log_files.REGION}:{stack.MEMBER}:endpoint/{endpoint.id}" for endpoint in endpoints)
    return Searched(*deployed, stack.MEMBER, *arns)


def write_logs(aws, now: datetime.datetime) -> None:
    s3 = aws.client("s3", account="222233334444")
    s3.create_bucket(Bucket=log_files.LOGS, CreateBucketConfiguration={"LocationConstraint": log_files.REGION})
    by_role = log_files.read("by-role", log_files.session("till-7", ROLE), "shop-press", "logo.svg")
    of_bucket = log_files.read("of-bucket", log_files.session("till-7", "other"), BUCKET, "2026/4711.json")
    neither = log_files.read("neither", log_files.session("till-7", "other"), "shop-press", "logo.svg")
    for day, events in ((now, [by_role, of_bucket, neither]), (now - datetime.timedelta(days=400), [by_role | {"eventID": "long-ago"}])):
        key = f"AWSLogs/o-0123456789/{stack.MEMBER}/CloudTrail/{log_files.REGION}/{day:%Y/%m/%d}/t.json.gz"
        s3.put_object(Bucket=log_files.LOGS, Key=key, Body=gzip.compress(json.dumps({"Records": events}).encode()))
    key = f"AWSLogs/o-0123456789/{LARGE}/CloudTrail/{log_files.REGION}/{now:%Y/%m/%d}/t.json.gz"
    s3.put_object(Bucket=log_files.LOGS, Key=key, Body=b"0" * (CUTOFF + 1))


def test_what_was_asked_is_kept(searched):
    (asked,) = [json.loads(kept) for kept in searched.kept("trail-search", "by")]
    assert f"sessionissuer.username = '{ROLE}'" in asked["sql"] and f"account = '{stack.MEMBER}'" in asked["sql"]
    execution = asked["answer"]["QueryExecution"]
    assert (execution["Status"]["State"], execution["WorkGroup"], execution["Query"]) == ("SUCCEEDED", "tocsin-evidence", asked["sql"])
    assert execution["Statistics"]["DataScannedInBytes"] > 0


@pytest.mark.parametrize(("query", "subject", "event"), [("by", ROLE, "by-role"), ("to", BUCKET, "of-bucket")])
def test_what_was_found_is_copied_into_the_vault(searched, query, subject, event):
    (asked,) = [one for one in map(json.loads, searched.kept("trail-search", query)) if f"{subject}\"'" in one["sql"] or f"'{subject}'" in one["sql"]]
    bucket, key = asked["answer"]["QueryExecution"]["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    result = searched.evidence_s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    searched.aws.wait_until(lambda: result in searched.copies(), seconds=30, every=0.5, what="the copy of the result")
    assert f'"{event}"' in result.decode()
    assert not any(other in result.decode() for other in ({"by-role", "of-bucket", "neither", "long-ago"} - {event}))


def test_captured_requests_become_a_map_without_their_content(searched, endpoints):
    (asked,) = [json.loads(kept) for kept in searched.kept("capture-search", "captures")]
    assert f"endpoint = '{endpoints[0].id}' AND variant = 'live-0'" in asked["sql"]
    bucket, key = asked["answer"]["QueryExecution"]["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    result = searched.evidence_s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    searched.aws.wait_until(lambda: result in searched.copies(), seconds=30, every=0.5, what="the copy of the map")
    assert b'"request-1"' in result and b"customer=c-1001" in result
    assert b"ada,4711" not in result and b"0.93" not in result


def test_captures_that_lie_elsewhere_are_a_gap_and_no_empty_map(searched, endpoints):
    gaps = {item["item"]["subject"]: item["gaps"] for item in searched.of("EVIDENCE") if item["item"]["source"] == "capture-search"}
    ours, elsewhere = (gaps[endpoint.id] for endpoint in endpoints)
    assert ours == []
    assert "elsewhere than the table `data_captures` is read from" in {gap["part"]: gap["reason"] for gap in elsewhere}["captures"]


def test_logs_are_searched_with_the_role_for_it_alone(searched):
    calls = [call for call in searched.aws.calls() if call["service"] == "athena" and call["principal"]["kind"] != "human"]
    assert {call["operation"] for call in calls} == {"StartQueryExecution", "GetQueryExecution"}
    assert {(call.get("role"), call["account"], call["principal"]["name"]) for call in calls} == {
        ("Tocsin-LogReader", stack.EVIDENCE, "tocsin-preserve-evidence")
    }
    # Each search is started once, however often the function comes back to it: of the trail for the role, the bucket and two endpoints, and of captures.
    assert len([call for call in calls if call["operation"] == "StartQueryExecution"]) == 5


def test_a_log_that_is_not_set_up_is_a_gap(searched):
    gaps = searched.gaps()
    assert "`model_invocations` is not set up" in gaps["invocation-search", "invocations"]
    assert ("trail-search", "by") not in gaps and ("trail-search", "to") not in gaps


def test_a_search_that_would_cost_too_much_is_a_gap_that_says_how_much(deployed, searched):
    large = Searched(*deployed, LARGE)
    for query in ("by", "to"):
        reason = large.gaps()["trail-search", query]
        assert "ended as CANCELLED" in reason and f"after {CUTOFF + 1} bytes" in reason
        assert large.kept("trail-search", query) == []
