"""What counsel can decide beside yes and no: two reviewers, a word on what is missing, no duty, the way back, an end by the facts."""

import datetime
import json

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from demo import organisation


@pytest.fixture
def settings(aws, tocsin):
    """Changes the organisation's settings once a shop is open: `settings(legal_gate={…})`. The next shop that opens has its own."""

    def change(**changes) -> None:
        kept = aws.client("s3").get_object(Bucket=tocsin.settings, Key=organisation.PATH)["Body"].read()
        organisation.put(aws, tocsin.settings, {**json.loads(kept), **changes})

    yield change
    change(legal_gate={})


def at_gate(attack, change=lambda: None):
    response = attack()
    change()
    response.publish()
    response.until_gate()
    return response


def finish(response, reviewer) -> None:
    """Reject whatever waits until the response has ended."""
    while not response.watch.has_ended():
        for waiting in response.records.waiting(response.incident):
            reviewer.decide(waiting, response.draft(waiting)["digest"], "rejected", reason="end of the test")
        response.until_gate_or_ended()


def review(response, waiting: dict) -> dict:
    wanted = (waiting["obligation"], waiting["version"])
    return next(review for review in response.of("REVIEW") if (review["obligation"], review["version"]) == wanted)


def in_place(response, key: dict, change) -> None:
    """Changes a record as it lies in the table."""
    client, table = response.aws.client("dynamodb"), response.stack.table
    item = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    record = TypeDeserializer().deserialize(item["record"])
    change(record)
    client.put_item(TableName=table, Item={**item, "record": TypeSerializer().serialize(record)})


def key(response, sort: str) -> dict:
    return {"pk": {"S": f"INCIDENT#{response.incident}"}, "sk": {"S": sort}}


def schedules(response) -> list[str]:
    scheduler = response.aws.client("scheduler")
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName="tocsin-review-reminders", NamePrefix=response.incident)
    return [found["Name"] for page in pages for found in page["Schedules"]]


def test_two_reviewers_decide_where_the_settings_ask_for_two(attack, settings, reviewers):
    first, second = reviewers
    response = at_gate(attack, lambda: settings(legal_gate={"four_eyes": ["eu-gdpr-33-1"]}))
    waiting = response.waiting("eu-gdpr-33-1")
    assert waiting["four_eyes"] and not response.waiting("us-ca-ind")["four_eyes"]
    digest = response.draft(waiting)["digest"]
    missing = {"missing_items_reason": "in phases"} if response.draft(waiting)["gaps"] else {}
    status, answer = first.decide(waiting, digest, "approved", **missing)
    assert (status, answer["awaits_second"], answer["first"]["reviewer"]) == (202, True, first.arn)
    assert response.waiting("eu-gdpr-33-1")["first_reviewer"] == first.arn, "what waits shows who was first"
    status, answer = first.decide(waiting, digest, "approved", **missing)
    assert (status, answer["code"]) == (409, "same-reviewer-twice")
    assert response.mails() == [] and review(response, waiting)["decision"] is None
    status, answer = second.decide(waiting, "0" * 64, "approved", **missing)
    assert (status, answer["code"]) == (409, "text-changed"), "the second is bound to the digest, too"
    status, answer = second.decide(waiting, digest, "approved", **missing)
    assert status == 200, answer
    assert answer["decision"]["first"]["reviewer"] == first.arn
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    finish(response, first)
    report = json.loads(response.read("report.json"))
    line = next(line for line in report["decisions"] if line["obligation"] == "eu-gdpr-33-1")
    assert (line["first_reviewer"], line["reviewer"]) == (first.arn, second.arn)


def test_a_rejection_by_the_second_ends_what_the_first_approved(attack, settings, reviewers):
    first, second = reviewers
    response = at_gate(attack, lambda: settings(legal_gate={"four_eyes": ["all"]}))
    waiting = response.waiting("eu-gdpr-33-1")
    draft = response.draft(waiting)
    missing = {"missing_items_reason": "in phases"} if draft["gaps"] else {}
    assert first.decide(waiting, draft["digest"], "approved", **missing)[0] == 202
    assert second.decide(waiting, draft["digest"], "rejected", reason="told by telephone")[0] == 200
    finish(response, first)
    assert response.duty("eu-gdpr-33-1")["state"] == "withheld"
    assert response.mails() == []


def test_a_misspelt_obligation_in_the_setting_is_refused(attack, settings, aws):
    response = attack()
    settings(legal_gate={"four_eyes": ["eu-gdpr-33-one"]})
    response.publish()
    refused = lambda: [text for text in response.pages() if "legal_gate.four_eyes.eu-gdpr-33-one" in text]  # noqa: E731
    aws.wait_until(refused, seconds=60, what="a page that names the setting")
    assert response.records.waiting(response.incident) == []


def test_a_duty_that_does_not_exist_ends_with_its_reason_in_the_register(attack, reviewers):
    response = at_gate(attack)
    waiting = response.waiting("eu-gdpr-33-1")
    digest = response.draft(waiting)["digest"]
    status, answer = reviewers[0].decide(waiting, digest, "not-notifiable", reason="")
    assert (status, answer["code"]) == (409, "reason-missing")
    reason = "encrypted with a key that was not taken: no risk to people"
    status, answer = reviewers[0].decide(waiting, digest, "not-notifiable", reason=reason)
    assert status == 200, answer
    finish(response, reviewers[0])
    duty = response.duty("eu-gdpr-33-1")
    assert (duty["state"], duty["ended_because"]) == ("not-notifiable", reason)
    assert response.mails() == []
    assert response.records.incident(response.incident)["closed_at"], "such a duty is settled"
    entry = json.loads(response.read("register-entry.json"))
    assert any("this duty does not exist" in line and reason in line for line in entry["remedial_action"])
    assert reason in response.read("report.html").decode()
    execution = response.stack.execution("notification", f"{response.incident}-eu-gdpr-33-1")
    events = response.aws.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    assert "NoticeNotOwed" in [event.get("stateEnteredEventDetails", {}).get("name") for event in events]


def test_what_is_missing_has_to_be_explained(attack, reviewers):
    """The sample incident's draft is made incomplete in its record before it is asked about: version 2 of it."""
    response = at_gate(attack)
    waiting = response.waiting("eu-gdpr-33-1")
    status, _ = reviewers[0].decide(waiting, response.draft(waiting)["digest"], "changes-requested", reason="once more", facts={"data_classes": []})
    assert status == 200
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == ("eu-gdpr-33-1", 2)]  # noqa: E731
    waiting = response.aws.wait_until(newer, seconds=30, what="version 2")[0]
    draft = response.draft(waiting)
    assert draft["gaps"], "without data classes the notice lacks an item"
    for more in ({}, {"missing_items_reason": " "}):
        status, answer = reviewers[1].decide(waiting, draft["digest"], "approved", **more)
        assert (status, answer["code"], answer["missing_items"]) == (409, "missing-items-unexplained", draft["gaps"])
    assert response.mails() == []
    why = "the data are being established; told in phases (Art. 33(4))"
    status, answer = reviewers[1].decide(waiting, draft["digest"], "approved", missing_items_reason=why)
    assert (status, answer["decision"]["missing_items_reason"]) == (200, why)
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    finish(response, reviewers[1])
    assert why in response.read("report.html").decode()
    assert any(why in line for line in json.loads(response.read("register-entry.json"))["remedial_action"])


def test_older_versions_are_not_decided_and_facts_come_with_their_decision_or_not_at_all(attack, reviewers):
    response = at_gate(attack)
    old = response.waiting("eu-gdpr-33-1")
    digest = response.draft(old)["digest"]
    status, answer = reviewers[0].decide(old, digest, "changes-requested", facts={"no.such.fact": 1})
    assert (status, answer["code"]) == (400, "facts-refused")
    assert review(response, old)["decision"] is None and len(response.of("FACTS")) == 1
    # The call that writes decision and facts together is throttled once: the reviewer asks again, and both are there once.
    response.aws.fail_call("dynamodb", "TransactWriteItems", "ProvisionedThroughputExceededException", times=4, principal="tocsin-record-legal-decision")
    corrected = {"affected.DE": 111}
    answers = [reviewers[0].decide(old, digest, "changes-requested", reason="fewer", facts=corrected)[0] for _ in range(3)]
    assert 200 in answers and len(response.of("FACTS")) == 2
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == ("eu-gdpr-33-1", 2)]  # noqa: E731
    new = response.aws.wait_until(newer, seconds=30, what="version 2")[0]
    assert "111" in response.draft(new)["text"]
    for version_of in ("digest of version 1", "digest of version 2"):
        wanted = digest if version_of.endswith("1") else response.draft(new)["digest"]
        status, answer = reviewers[1].decide(old, wanted, "approved", missing_items_reason="x")
        assert (status, answer["code"]) == (409, "already-decided"), version_of
    reviewers[1].approve(response, new)
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    finish(response, reviewers[1])
    assert len(response.mails()) == 1


def test_an_approval_is_withdrawn_before_sending_and_nothing_goes_out(attack, reviewers):
    """Sending is kept from beginning by a table that throttles the function that sends; meanwhile counsel changes their mind."""
    response = at_gate(attack)
    waiting = response.waiting("eu-gdpr-33-1")
    digest = response.draft(waiting)["digest"]
    status, answer = reviewers[1].decide(waiting, digest, "withdrawn", reason="too early")
    assert (status, answer["code"]) == (409, "nothing-to-withdraw")
    response.aws.fail_call("dynamodb", "GetItem", "ProvisionedThroughputExceededException", times=12, principal="tocsin-send-notice")
    reviewers[0].approve(response, waiting)
    status, answer = reviewers[1].decide(waiting, digest, "withdrawn", reason="the recipient has moved")
    assert status == 200, answer
    response.aws.clear_faults()
    refused = lambda: [text for text in response.pages() if "withdrawn" in text]  # noqa: E731
    response.aws.wait_until(refused, seconds=60, what="a page that the approval was withdrawn")
    assert response.mails() == []
    status, answer = reviewers[0].decide(waiting, digest, "withdrawn", reason="again")
    assert (status, answer["code"]) == (409, "already-decided")
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == ("eu-gdpr-33-1", 2)]  # noqa: E731
    renewed = response.aws.wait_until(newer, seconds=30, what="version 2")[0]
    assert response.duty("eu-gdpr-33-1")["state"] == "open"
    reviewers[0].approve(response, renewed)
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    finish(response, reviewers[1])
    assert len(response.mails()) == 1
    report = json.loads(response.read("report.json"))
    lines = [(line["version"], line["verdict"]) for line in report["decisions"] if line["obligation"] == "eu-gdpr-33-1"]
    assert lines[:2] == [(1, "approved"), (1, "withdrawn")]


def test_what_was_sent_is_not_withdrawn(attack, reviewers):
    response = at_gate(attack)
    waiting = response.waiting("eu-gdpr-33-1")
    reviewers[0].approve(response, waiting)
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    status, answer = reviewers[1].decide(waiting, response.draft(waiting)["digest"], "withdrawn", reason="too late")
    assert (status, answer["code"]) == (409, "sending-began")
    finish(response, reviewers[1])
    assert len(response.mails()) == 1


def test_counsel_is_reminded_until_somebody_has_decided(attack, reviewers, escalated):
    """The deadline is moved near in the record of the duty; each reminder goes out once, and none after the decision."""
    response = at_gate(attack)
    waiting = response.waiting("eu-gdpr-33-1")
    names = schedules(response)
    assert len(names) >= 3, "three for the notice that waits"
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=40)

    def near(duty: dict) -> None:
        duty["obligation"]["due_at"] = soon.isoformat().replace("+00:00", "Z")

    in_place(response, key(response, "OBLIGATION#eu-gdpr-33-1"), near)
    assert reviewers[0].decide(waiting, response.draft(waiting)["digest"], "changes-requested", reason="once more")[0] == 200
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == ("eu-gdpr-33-1", 2)]  # noqa: E731
    waiting = response.aws.wait_until(newer, seconds=30, what="version 2")[0]
    left = [name for name in schedules(response) if name in names]
    assert len(left) == len(names) - 3, "those of version 1 were taken back"
    sent = lambda: [r["percent"] for r in response.of("REMINDER") if r["sent_at"]]  # noqa: E731
    response.aws.wait_until(lambda: sent() == [50, 75], seconds=60, what="reminders at 50 and 75 %")
    reviewers[1].approve(response, waiting)
    own = lambda: set(schedules(response))  # noqa: E731
    response.aws.wait_until(lambda: own() == set(left), seconds=10, what="no schedule of version 2")
    response.aws.wait_until(lambda: datetime.datetime.now(datetime.UTC) > soon, seconds=60, what="the deadline")
    assert sent() == [50, 75], "counsel had decided before the third"
    told = [text for text in response.pages() if "waits for counsel" in text and "version 2" in text]
    assert len(told) == 2 and "50 %" in told[0] and "75 %" in told[1]
    # A repeat of the call reminds nobody twice, and a late one nobody at all.
    task = {"incident": response.incident, "obligation": "eu-gdpr-33-1", "version": 2}
    for percent in (50, 90):
        assert response.invoke("remind-counsel", {**task, "percent": percent})[1]["sent"] is False
    finish(response, reviewers[1])
    assert response.records.incident(response.incident)["closed_at"], "a reminder leaves nothing to do"


def test_a_duty_that_the_facts_do_not_bring_any_more_waits_for_nobody(attack, reviewers):
    response = at_gate(attack)
    waiting, other = response.waiting("eu-gdpr-33-1"), response.waiting("us-ca-ind")
    facts = {"affected.US-CA": 0}
    status, answer = reviewers[0].decide(waiting, response.draft(waiting)["digest"], "changes-requested", reason="nobody there", facts=facts)
    assert status == 200, answer
    gone = lambda: response.duty("us-ca-ind")["state"] == "obsolete"  # noqa: E731
    response.aws.wait_until(gone, seconds=30, what="the end of the duty")
    assert "affected.US-CA" in response.duty("us-ca-ind")["ended_because"]
    ended = f"notification {response.incident}-us-ca-ind"
    response.aws.wait_until(lambda: response.watch.executions()[ended] == "SUCCEEDED", seconds=30, what="the end of its execution")
    assert [r for r in response.records.waiting(response.incident) if r["obligation"] == "us-ca-ind"] == []
    status, answer = reviewers[1].decide(other, response.draft(other)["digest"], "approved", missing_items_reason="x")
    assert (status, answer["code"]) == (409, "duty-ended")
    assert review(response, other)["closed"]["reason"] == response.duty("us-ca-ind")["ended_because"]
    again = response.invoke("close-obsolete-reviews", {"incident": response.incident})
    assert again[0] is None and "us-ca-ind" in again[1]["obsolete"]
    finish(response, reviewers[1])
    assert response.mails() == []
    report = response.read("report.html").decode()
    assert "needs no decision" in report
    # Should the facts bring it back, it is owed again, by an execution of its own, and the incident is open again.
    assert response.records.incident(response.incident)["closed_at"]
    in_place(response, key(response, "FACTS#000002"), lambda facts: facts["values"]["affected.US-CA"].update(value=480))
    error, assessed = response.invoke("assess-obligations", {"incident": response.incident})
    assert error is None, assessed
    executions = [duty["execution"] for chain in assessed["chains"] for duty in chain["duties"]]
    assert f"{response.incident}-us-ca-ind-r1" in executions
    assert response.records.incident(response.incident)["closed_at"] is None
    assert response.records.under("REGISTER", response.incident)[response.incident]["closed_at"] is None


def test_what_goes_out_together_waits_for_the_approval_of_both(aws, tocsin, attack, settings, reviewers):
    """New York's authorities are told when the residents are: neither notice leaves before both are approved."""

    def new_york():
        kept = json.loads(aws.client("s3").get_object(Bucket=tocsin.settings, Key=organisation.PATH)["Body"].read())
        holdings = [{**holding, "affected": {**holding["affected"], "US-NY": 20}} for holding in kept["data_inventory"]]
        told = {id: {"name": id, "email": f"{id}@told.example", "language": "en"} for id in ("us-ny-ind", "us-ny-reg")}
        settings(data_inventory=holdings, recipients={**kept["recipients"], **told})

    def sent() -> set[str]:
        return {mail["To"][0] for mail in response.mails()} & {"us-ny-ind@told.example", "us-ny-reg@told.example"}

    def is_held() -> bool:
        machine = aws.client("stepfunctions")
        arn = tocsin.machine("notification").replace(":stateMachine:", ":execution:") + f":{response.incident}-us-ny-ind"
        pages = machine.get_paginator("get_execution_history").paginate(executionArn=arn)
        return any(event.get("stateEnteredEventDetails", {}).get("name") == "AwaitOtherNotices" for page in pages for event in page["events"])

    response = at_gate(attack, new_york)
    reviewers[0].approve(response, response.waiting("us-ny-ind"))
    aws.wait_until(is_held, seconds=30, what="the wait for the other notice")
    assert sent() == set()
    reviewers[0].approve(response, response.waiting("us-ny-reg"))
    aws.wait_until(lambda: len(sent()) == 2, seconds=30, what="both notices")
    aws.wait_until(lambda: {response.duty(id)["state"] for id in ("us-ny-ind", "us-ny-reg")} == {"sent"}, seconds=30, what="the end of both")
