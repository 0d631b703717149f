"""Many findings at once from parallel functions, and incidents that turn out to be one while both are under way."""

import collections
import concurrent.futures
import copy
import json
import random
import time

import pytest
from demo.records import Records

FUNCTION = "tocsin-receive-finding"
WRITERS = 8


def chain(number: int, place: int) -> dict:
    """A finding that shares a bucket with the one before it and one with the next. Nothing is contained for what it is."""
    buckets = [{"name": f"chain-{number}-{link}", "arn": f"arn:aws:s3:::chain-{number}-{link}"} for link in (place, place + 1)]
    return {
        "schemaVersion": "2.0",
        "accountId": "111122223333",
        "region": "eu-central-1",
        "id": f"ca{number:02x}{place:028x}",
        "type": "Discovery:S3/AnomalousBehavior",
        "severity": 5,
        "title": "Somebody lists buckets",
        "createdAt": "2026-11-01T00:00:00.000Z",
        "updatedAt": "2026-11-01T00:00:00.000Z",
        "resource": {"resourceType": "S3Bucket", "s3BucketDetails": buckets},
        "service": {"serviceName": "guardduty", "archived": False},
    }


def as_message(finding: dict) -> dict:
    event = {"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": finding}
    sent = {"SentTimestamp": str(int(time.time() * 1000))}
    return {"messageId": finding["id"], "body": json.dumps(event), "attributes": sent, "eventSource": "aws:sqs"}


def test_parallel_functions_come_to_the_same_incidents(aws, tocsin):
    """Four chains of eight findings, each delivered three times, by eight functions at the same time."""
    chains = {number: [chain(number, place) for place in range(8)] for number in range(4)}
    messages = [as_message(finding) for findings in chains.values() for finding in findings] * 3
    random.Random(7).shuffle(messages)
    client = aws.client("lambda")

    def invoke(message: dict) -> dict:
        payload = json.dumps({"Records": [message]})
        return json.load(client.invoke(FunctionName=FUNCTION, Payload=payload)["Payload"])

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(invoke, messages))
    assert all(answer == {"batchItemFailures": []} for answer in answers), [a for a in answers if a.get("batchItemFailures")]
    elders = {number: elder_of(Records(aws, tocsin.table), findings) for number, findings in chains.items()}
    assert len(set(elders.values())) == len(chains)


def elder_of(records: Records, findings: list[dict]) -> str:
    """The one incident that all of these belong to."""
    everything = {key: row["record"] for key, row in records.everything().items()}
    incidents = {record["id"]: record for (_, sk), record in everything.items() if sk == "INCIDENT" and "id" in record}
    elders = set()
    for finding in findings:
        record = next(r for (_, sk), r in everything.items() if sk == "FINDING" and r["finding"]["id"] == finding["id"])
        incident = incidents[record["incident"]]
        while incident["absorbed_by"]:
            incident = incidents[incident["absorbed_by"]]
        elders.add(incident["id"])
    (elder,) = elders
    family = [elder, *incidents[elder]["absorbed"]]
    members = [m["finding"] for one in family for m in records.of_incident(one, "FINDING")]
    assert sorted(members) == sorted(finding["id"] for finding in findings)
    return elder


@pytest.fixture(scope="module")
def merged(aws, attack):
    """Two attacks under way, and a finding that shows them to be one."""
    elder, younger = attack(), attack()
    for response in (elder, younger):
        response.publish()
        response.until_gate()
    link = copy.deepcopy(elder.finding)
    link["id"] = f"ee{link['id'][2:]}"
    link["arn"] = f"{link['arn'].rsplit('/', 1)[0]}/{link['id']}"
    link["resource"]["s3BucketDetails"] += younger.finding["resource"]["s3BucketDetails"]
    aws.put_guardduty_finding(link)
    ended = lambda: f"containment {elder.incident}-r1" in finished(elder)  # noqa: E731
    aws.wait_until(ended, seconds=60, what="the response to the finding that links both")
    elder.until_gate_or_ended()
    return elder, younger


def finished(response) -> list[str]:
    return [name for name, status in response.watch.executions().items() if status != "RUNNING"]


def test_younger_incident_becomes_part_of_the_elder(merged):
    elder, younger = merged
    one, other = (response.records.incident(response.incident) for response in (elder, younger))
    assert (one["absorbed"], one["absorbed_by"]) == ([younger.incident], None)
    assert other["absorbed_by"] == elder.incident
    assert one["aware_at"] < other["aware_at"]
    named = {entity["id"] for entity in one["entities"]}
    assert {younger.shop.bucket, elder.shop.bucket} <= named


def test_every_resource_of_a_merged_incident_is_contained_once(merged):
    elder, younger = merged
    runs = collections.Counter((a["action"], a["target"], a["pass"]) for r in merged for a in r.of("ACTION"))
    assert {younger.shop.bucket, elder.shop.bucket} <= {target for _, target, _ in runs}
    assert set(runs.values()) == {1}
    assert all(action["state"] == "contained" for response in merged for action in response.of("ACTION"))


def test_counsel_decides_for_the_elder_only(merged, reviewers):
    elder, younger = merged
    gone = lambda: younger.duty("eu-gdpr-33-1")["state"] == "obsolete" and younger.records.waiting(younger.incident) == []  # noqa: E731
    younger.aws.wait_until(gone, seconds=30, what="the end of the younger incident's reviews")
    assert elder.incident in younger.duty("eu-gdpr-33-1")["ended_because"]
    entry = lambda: younger.records.under("REGISTER", younger.incident)[younger.incident]  # noqa: E731
    younger.aws.wait_until(lambda: entry()["part_of"] == elder.incident, seconds=30, what="the register to say where the rest is")
    review = next(review for review in younger.of("REVIEW") if review["obligation"] == "eu-gdpr-33-1")
    status, answer = reviewers[0].decide(review, younger.draft(review)["digest"], "approved")
    assert (status, answer["code"]) == (409, "absorbed"), "whoever still has it open"
    assert elder.incident in answer["message"]
    mails = len(elder.mails())
    reviewers[0].approve(elder, elder.waiting("eu-gdpr-33-1"))
    elder.aws.wait_until(lambda: len(elder.mails()) > mails, seconds=30, what="the notice")
