"""Findings as they come: unreadable, repeated, of unknown types, and growing; and functions that lack a setting."""

import copy
import json
import os
import subprocess

import pytest
from demo import command, mail, places
from demo.records import Records


def deliver(aws, stack, bodies: list[str]) -> None:
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sent = aws.client("sqs").send_message_batch(QueueUrl=stack.queue, Entries=entries)
    assert len(sent["Successful"]) == len(bodies)


def event(detail: dict) -> str:
    return json.dumps({"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": detail})


def test_unreadable_findings_are_kept_and_the_batch_goes_on(aws, tocsin, attack):
    response = attack()
    archived = copy.deepcopy(response.finding)
    archived["service"]["archived"] = True
    no_id = copy.deepcopy(response.finding)
    del no_id["id"]
    deliver(aws, tocsin, ["not JSON at all", event(no_id), event(archived)])
    letters = aws.wait_until(lambda: two(mail.letters(aws, tocsin.dead_letters)), what="two dead letters")
    by_path = {letter["path"]: letter["code"] for letter in letters}
    expected = {read["error"]["path"]: read["error"]["code"] for read in command.replay(event(no_id))}
    assert expected.items() <= by_path.items()
    assert by_path["$"] == "invalid-json"
    bodies = [message["Body"] for message in mail.waiting_in(aws, tocsin.dead_letters)]
    assert sorted(bodies) == sorted(["not JSON at all", event(no_id)])

    record = aws.wait_until(lambda: response.records.finding(response.finding_id), what="the archived finding")
    assert record["incident"] is None
    assert response.records.incident(response.incident) is None, "an archived finding opens no incident"

    log = lambda: [json.loads(line) for line in aws.function_log("tocsin-receive-finding").splitlines() if line.startswith("{")]  # noqa: E731
    counts = lambda: two([line for line in log() if "_aws" in line and "FindingsUnreadable" in line])  # noqa: E731
    counted = aws.wait_until(counts, what="the counts, which the log shows after the answer")
    lines = log()
    assert sum(line["FindingsUnreadable"] for line in counted) == 2
    metric = counted[0]["_aws"]["CloudWatchMetrics"][0]
    assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == ("Tocsin", "FindingsUnreadable")
    assert not any("not JSON at all" in json.dumps(line) for line in lines), "no finding body in a log"


def two(found: list) -> list | None:
    return found if len(found) >= 2 else None


def with_type(response, kind: str) -> None:
    """The same finding, as one of another type."""
    response.finding["type"] = kind
    response.finding["title"] = response.finding["description"] = "Something that has no name yet"


def test_unknown_type_is_taken_for_what_it_affects(attack):
    response = attack()
    with_type(response, "Surprise:EC2/EntanglementStolen")
    response.publish()
    contained = {(action["action"], action["state"]) for action in response.until_contained()}
    assert contained == {("isolate-instance", "contained"), ("revoke-role-sessions", "contained")}
    assert response.records.incident(response.incident)["category"] == "instance-compromise"


def test_finding_that_no_action_fits_reaches_a_person(attack):
    response = attack()
    with_type(response, "Recon:EC2/PortProbeUnprotectedPort")
    response.publish()
    assert response.until_contained() == []
    assert response.account() == response.before
    (page,) = response.pages()
    assert "operator-triage" in page
    assert "a person decides" in page


def test_event_that_no_source_reads_is_kept_and_counted(aws, tocsin):
    """A detail type that GuardDuty may have tomorrow: recorded with what it names, and no incident."""
    bucket = "arn:aws:s3:::tomorrow-s-bucket"
    event = {"source": "aws.guardduty", "detail-type": "GuardDuty Premonition", "detail": {"about": bucket}}
    aws.publish_service_event(event)
    kept = lambda: [r for r in recorded(aws, tocsin) if r["finding"]["type"] == "GuardDuty Premonition"]  # noqa: E731
    (record,) = aws.wait_until(kept, seconds=30, what="the record of the event")
    assert (record["incident"], record["suppressed"]["rule"]) == (None, "unclassified")
    assert [entity["arn"] for entity in record["finding"]["entities"]] == [bucket]
    assert json.loads(record["document"])["detail"] == event["detail"]
    counted = lambda: "FindingsUnclassified" in aws.function_log("tocsin-receive-finding")  # noqa: E731
    aws.wait_until(counted, what="the count, which the log shows after the answer")


def recorded(aws, tocsin) -> list[dict]:
    rows = Records(aws, tocsin.table).everything().items()
    return [row["record"] for (_, sk), row in rows if sk == "FINDING"]


def test_later_finding_joins_and_contains_only_what_is_new(aws, attack, open_shop):
    """The later finding is older and arrives after the response has begun: the order does not matter."""
    response = attack()
    response.publish()
    response.until_gate()
    other, number = open_shop()
    later = copy.deepcopy(response.finding)
    later["id"] = f"ff{later['id'][2:]}"
    later["arn"] = f"{later['arn'].rsplit('/', 1)[0]}/{later['id']}"
    later["updatedAt"] = later["createdAt"] = "2026-01-01T00:00:00.000Z"
    bucket = later["resource"]["s3BucketDetails"][0]
    bucket["name"], bucket["arn"] = other.bucket, f"arn:aws:s3:::{other.bucket}"
    later["service"]["action"]["awsApiCallAction"]["affectedResources"] = {"AWS::S3::Bucket": other.bucket}
    earlier = {action["automation"] for action in response.of("ACTION")}
    aws.put_guardduty_finding(later)
    locked = lambda: [a for a in response.of("ACTION") if a["target"] == other.bucket and a["contained_at"]]  # noqa: E731
    aws.wait_until(locked, seconds=30, what="the second bucket to be locked")
    assert len(response.of("FINDING")) == 2
    new = [action for action in response.of("ACTION") if action["automation"] not in earlier]
    assert [(action["action"], action["target"]) for action in new] == [("lock-bucket", other.bucket)]
    responses = [name for name in response.watch.executions() if name.startswith("incident-response ")]
    assert sorted(responses) == [f"incident-response {response.incident}", f"incident-response {response.incident}-r1"]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in places.FUNCTIONS.glob("*/bootstrap")))
def test_function_without_a_setting_does_not_start(aws, tocsin, console, requests_api, name):
    """It names the setting that is missing, before it asks for its first event."""
    wanted = aws.client("lambda").get_function_configuration(FunctionName=f"tocsin-{name}")["Environment"]["Variables"]
    base = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "PATH": os.environ["PATH"], "AWS_REGION": aws.region}
    base |= {"AWS_LAMBDA_FUNCTION_NAME": f"tocsin-{name}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    base |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    assert wanted
    for missing in wanted:
        given = {key: value for key, value in wanted.items() if key != missing}
        bootstrap = places.FUNCTIONS / name / "bootstrap"
        done = subprocess.run([bootstrap], env={**base, **given}, capture_output=True, text=True, timeout=20)
        assert done.returncode != 0
        assert missing in done.stderr, done.stderr


def test_missing_settings_document_pages_by_name(aws, tocsin, attack):
    response = attack()
    s3 = aws.client("s3")
    kept = s3.get_object(Bucket=tocsin.settings, Key="settings/organisation.json")["Body"].read()
    s3.put_object(Bucket=tocsin.settings, Key="settings/organisation.json", Body=b'{"name": "Shop"}', ChecksumAlgorithm="SHA256")
    try:
        response.publish()
        aws.wait_until(lambda: response.pages() and response.watch.has_ended(), seconds=60, what="the end")
    finally:
        s3.put_object(Bucket=tocsin.settings, Key="settings/organisation.json", Body=kept, ChecksumAlgorithm="SHA256")
    assert any("settings/organisation.json" in page and "address" in page for page in response.pages())
    assert response.account() == response.before
    assert response.mails() == []
    assert Records(aws, tocsin.table).waiting(response.incident) == []
