"""Evidence of one resource of each main kind, through the whole way: what services answered lies in the vault byte for byte, and what is missing is a gap
that says why.

Services are the local AWS; what it fakes of them (flow logs, histories, captured requests) is listed in its README.
"""

import base64
import datetime
import hashlib
import json

import pytest
from company import FLOW, HOLDS, PROMPT, QUERY, WRITTEN, Company
from demo import organisation, stack
from demo.records import Records
from responses import Response


class OfCompany(Response):
    """The response to the finding about a company's resources."""

    def __init__(self, aws, tocsin, company: Company):
        self.aws, self.stack, self.company = aws, tocsin, company
        self.records = Records(aws, tocsin.table)
        finding = company.finding(f"own-scanner/{company.instance}")
        self.follow(json.dumps(finding))
        place = {"account": company.aws.account, "region": company.aws.region}
        event = {"source": "aws.securityhub", "detail-type": "Security Hub Findings - Imported", "detail": {"findings": [finding]}}
        aws.client("sqs").send_message(QueueUrl=tocsin.queue, MessageBody=json.dumps(event | place))

    def until_preserved(self) -> None:
        name = f"evidence-preservation {self.incident}"
        ended = lambda: self.watch.executions("evidence-preservation").get(name, "RUNNING") != "RUNNING"  # noqa: E731
        self.aws.wait_until(ended, seconds=60, every=0.2, what="the end of preservation")

    def gaps(self) -> dict[tuple[str, str], str]:
        """The reasons, by source and part."""
        return {(item["item"]["source"], gap["part"]): gap["reason"] for item in self.of("EVIDENCE") for gap in item["gaps"]}


@pytest.fixture(scope="module")
def company(aws, tocsin):
    # In an account of its own, so that its trail and its recorder are nobody else's.
    return Company(aws.at(stack.MEMBER))


@pytest.fixture(scope="module")
def preserved(aws, tocsin, company):
    organisation.put(aws, tocsin.settings, organisation.settings([]))
    response = OfCompany(aws, tocsin, company)
    response.until_preserved()
    return response


# Source, call, and what one of its answers holds.
ANSWERS = [
    ("instance", "instance", lambda c: c.instance),
    ("instance", "user-data", lambda c: base64.b64encode(b"#!/bin/sh\necho shop\n").decode()),
    ("instance", "console", lambda c: "<output>"),
    ("instance", "security-groups", lambda c: "<ipPermissionsEgress>"),
    ("instance", "volumes", lambda c: "vol-"),
    ("network", "flows", lambda c: FLOW),
    ("network", "queries", lambda c: QUERY),
    ("bucket", "policy", lambda c: json.dumps(HOLDS)),
    ("bucket", "access-log-files", lambda c: f"access/{c.now:%Y-%m-%d}"),
    ("bucket", "account-public-access-block", lambda c: "NoSuchPublicAccessBlockConfiguration"),
    ("bucket-versions", "versions", lambda c: "orders/ü 1.csv"),
    ("object", "versions", lambda c: "orders/ü 1.csv"),
    ("object", "retention", lambda c: "<Error>"),
    ("role", "role", lambda c: c.role),
    ("role", "inline-policy", lambda c: "ReadCustomers"),
    ("role", "attached-document", lambda c: "<IsDefaultVersion>true"),
    ("role", "last-accessed", lambda c: "<JobStatus>COMPLETED"),
    ("user", "access-keys", lambda c: c.key),
    ("access-key", "last-used", lambda c: c.user),
    ("credentials", "report", lambda c: "<Content>"),
    ("credentials", "authorization-details", lambda c: c.user),
    ("principal-activity", "events", lambda c: '"Events"'),
    ("resource-activity", "events", lambda c: c.instance),
    ("config-history", "changes", lambda c: f'"{c.name}"'),
    ("config-history", "state-before", lambda c: "ResourceDiscovered"),
    ("macie", "finding-details", lambda c: c.macie),
    ("external-access", "findings", lambda c: f"arn:aws:s3:::{c.name}"),
    ("function", "policy", lambda c: "anyone"),
    ("database", "instance", lambda c: c.database.id),
    ("database", "security-groups", lambda c: "10.2.1.0/24"),
    ("table", "table", lambda c: c.table),
    ("secret", "secret", lambda c: c.arns["secret"]),
    ("secret", "versions", lambda c: "AWSCURRENT"),
    ("key", "grants", lambda c: c.grant),
    ("snapshot", "sharing", lambda c: "<group>all</group>"),
    ("task", "definition", lambda c: "checkout:4"),
    ("cluster", "task-details", lambda c: c.task.task),
    ("container", "task-details", lambda c: c.runtime_id),
    ("container", "definition", lambda c: f"{c.family}:1"),
    ("container", "log", lambda c: WRITTEN),
    ("notebook", "start-scripts", lambda c: "ZWNobyBoZWxsbw=="),
    ("training-job", "job", lambda c: c.training.id),
    ("model", "model", lambda c: c.model),
    ("endpoint", "models", lambda c: "ranking-models"),
    ("endpoint", "captured-files", lambda c: c.captured[0]),
    ("web-acl", "web-acl", lambda c: "bots"),
    ("web-acl", "samples", lambda c: "SampledRequests"),
    ("model-invocations", "invocations", lambda c: PROMPT),
    ("audit-trails", "selectors", lambda c: "AWS::S3::Object"),
    ("trail", "status", lambda c: "IsLogging"),
    ("recorders", "status", lambda c: "recording"),
]


@pytest.mark.parametrize(("source", "call", "shown"), ANSWERS, ids=[f"{source}: {call}" for source, call, _ in ANSWERS])
def test_what_a_service_answered_is_kept(preserved, company, source, call, shown):
    answers = [answer.decode() for answer in preserved.kept(source, call)]
    # Texts inside JSON have their quotes escaped.
    wanted = {shown(company), json.dumps(shown(company))[1:-1]}
    assert any(text in answer for text in wanted for answer in answers), answers


def test_an_answer_is_kept_byte_for_byte(preserved):
    assert preserved.kept("bucket", "policy") == [json.dumps(HOLDS).encode()]


def test_every_file_has_the_digest_that_is_on_record(preserved):
    files = preserved.of("FILE")
    assert len(files) > 150
    for file in files:
        content = preserved.read(f"{file['folder']}/{file['name']}")
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
    kept = {path for path in preserved.vault() if path.startswith("evidence/") and not path.startswith("evidence/objects/")}
    assert kept == {f"{file['folder']}/{file['name']}" for file in files if not file["folder"].startswith("evidence/objects")}


def test_no_secret_and_no_file_from_before_the_window_is_read(preserved, company):
    for path in preserved.vault():
        content = preserved.read(path)
        assert company.secret_value.encode() not in content, path
        assert b"2020/01/01/00/old.jsonl" not in content, path


def test_only_reading_calls_are_made(preserved):
    role = "Tocsin-Member-PreserveEvidence"
    calls = [call for call in preserved.aws.calls() if call.get("role") == role and call["account"] == stack.MEMBER]
    starts = ("Get", "List", "Describe", "Lookup", "Filter", "AdminGet", "AdminList", "GenerateCredentialReport", "GenerateServiceLast")
    assert {call["operation"] for call in calls if not call["operation"].startswith(starts)} <= {"StartAutomationExecution"}


def test_of_a_container_its_own_task_is_read_and_no_other(preserved, company):
    assert len(preserved.kept("container", "definition")) == 1
    assert not any(b"what another task wrote" in log for log in preserved.kept("container", "log"))


GAPS = [
    ("instance", "agent-missing", "no agent"),
    ("network", "flows", "the source keeps nothing from before"),
    ("table", "earlier-items-missing", "no point-in-time recovery"),
    ("audit-trails", "function-events-missing", "no trail records invocations of Lambda functions"),
    ("web-acl", "request-log-missing", "WAF logs no request"),
    ("config-history", "changes", "AWS Config has recorded nothing"),
]


@pytest.mark.parametrize(("source", "part", "reason"), GAPS)
def test_what_is_missing_is_a_gap(preserved, source, part, reason):
    assert reason in preserved.gaps().get((source, part), "")


def test_what_is_there_is_no_gap(preserved):
    found = preserved.gaps()
    there = {
        ("network", "flow-logs-missing"),
        ("network", "resolver-logs-missing"),
        ("bucket", "access-logs-missing"),
        ("bucket", "versions-missing"),
        ("audit-trails", "trail-missing"),
        ("audit-trails", "trail-stopped"),
        ("audit-trails", "object-events-missing"),
        ("recorders", "recorder-missing"),
        ("recorders", "recorder-stopped"),
        ("endpoint", "capture-missing"),
        ("model-invocations", "invocation-log-missing"),
        ("cluster", "audit-log-missing"),
        ("container", "log-missing"),
    }
    assert there & found.keys() == set()


def test_a_gap_of_time_names_the_moment(preserved):
    since = preserved.gaps()["network", "flows"].split("before ")[1]
    kept = datetime.datetime.fromisoformat(since.replace("Z", "+00:00"))
    age = preserved.company.now - kept
    assert datetime.timedelta(hours=23) < age < datetime.timedelta(hours=25)


WITHOUT_LOGS = [
    ("audit-trails", "trail-missing"),
    ("recorders", "recorder-missing"),
    ("network", "flow-logs-missing"),
    ("network", "resolver-logs-missing"),
    ("bucket", "access-logs-missing"),
    ("external-access", "findings"),
]


@pytest.mark.parametrize(("source", "part"), WITHOUT_LOGS)
def test_shop_that_records_nothing_has_the_gaps(answered, source, part):
    gaps = {(item["item"]["source"], gap["part"]) for item in answered.of("EVIDENCE") for gap in item["gaps"]}
    assert (source, part) in gaps
