"""A notice to the people of a list, by the real functions and the real state machine: whom counsel approved, each once."""

import collections
import datetime
import json
import pathlib
import time

import pytest
from asl import load_all
from demo import command, organisation
from people import DELIVER, OBLIGATION, Notice, as_csv, digest_of, kill, people, person

BREACHED = {"mailbox_breached": "yes"}


LIST = "lists/customers-california.jsonl"
CUSTOMERS = [*people(8, "customers"), person("not an address"), person("P1.customers@people.example".lower()), person("fr@people.example", language="fr")]


@pytest.fixture(scope="module")
def response(aws, tocsin, operator, attack, reviewers):
    """A whole response, of which the notice to the people of California goes to a list."""
    aws.put_sending_quota(per_second=400, per_day=-1)
    attacked = attack()
    lines = "".join(json.dumps(row | {"mailbox_breached": False}) + "\n" for row in CUSTOMERS)
    aws.client("s3").put_object(Bucket=tocsin.lists, Key=LIST, Body=lines.encode())
    settings = json.loads(aws.client("s3").get_object(Bucket=tocsin.settings, Key=organisation.PATH)["Body"].read())
    told = {"name": "Customers who live in California", "list": f"s3://{tocsin.lists}/{LIST}", "language": "en"}
    portal = {"name": "Beispiel-Datenschutzaufsicht", "portal": "https://portal.authority.example/", "language": "de"}
    settings["recipients"] |= {OBLIGATION: told, "eu-gdpr-33-1": portal}
    settings["support_desk"] = "support@shop.example"
    organisation.put(aws, tocsin.settings, settings)
    attacked.publish()
    attacked.until_gate()
    attacked.asked = {}
    while not attacked.watch.has_ended():
        for review in attacked.records.waiting(attacked.incident):
            attacked.asked[review["obligation"]] = attacked.draft(review)
            reviewers[0].approve(attacked, review)
        attacked.until_gate_or_ended()
    return attacked


@pytest.fixture(scope="module")
def duty(response):
    """A duty to people, as `assess-obligations` records one."""
    return response.duty(OBLIGATION)


def test_nothing_starts_a_delivery_around_the_gate():
    machines = load_all(pathlib.Path(__file__).resolve().parents[2] / "statemachines")
    starts = [(machine.name, state.name) for machine in machines.values() for state in machine.tasks() if "NoticeDeliveryStateMachineArn" in json.dumps(state.body.get("Arguments"))]
    assert starts == [("notification", "RunNoticeDelivery")]
    assert not machines["notification"].reaches("RunNoticeDelivery", avoiding="SendNotice")
    senders = [(machine.name, state.name) for machine in machines.values() for state in machine.tasks() if state.function() == "${DeliverNoticesFunctionArn}"]
    assert senders == [("notice-delivery", "DeliverNotices")]


def test_counsel_decides_about_text_and_list_together(response):
    draft = response.asked[OBLIGATION]
    audience = draft["audience"]
    assert (audience["people"], audience["by_mail"], audience["unusable"]) == (9, 9, 2)
    assert audience["problems"] == [{"line": 9, "problem": "bad-address"}, {"line": 10, "problem": "duplicate"}]
    assert any("line 9: the mail address is not valid, line 10: the same person" in gap for gap in draft["gaps"])
    assert any("another language (fr: 1)" in gap for gap in draft["gaps"])
    assert draft["digest"] != digest_of(draft["subject"], draft["text"], draft["html"]), "the list is part of what is approved"


def test_the_approved_list_is_told_and_the_support_desk_first(response):
    to = [sent["To"][0] for sent in response.mails() if sent["BodyText"] == response.asked[OBLIGATION]["text"]]
    assert to[0] == "support@shop.example"
    assert sorted(to[1:]) == sorted({row["email"] for row in CUSTOMERS} - {"not an address"})
    delivery = next(found for found in response.of("DELIVERY") if found["obligation"] == OBLIGATION)
    assert (delivery["state"], delivery["many"]["tally"]["delivered"]) == ("sent", 9)
    assert response.duty(OBLIGATION)["state"] == "sent"


def test_what_goes_to_a_portal_waits_for_a_person(response):
    delivery = next(found for found in response.of("DELIVERY") if found["obligation"] == "eu-gdpr-33-1")
    assert delivery["state"] == "awaiting-submission"
    assert response.duty("eu-gdpr-33-1")["state"] == "open"
    assert any("https://portal.authority.example/" in page for page in response.pages())
    assert not [sent for sent in response.mails() if sent["BodyText"] == response.asked["eu-gdpr-33-1"]["text"]]


def test_what_a_person_handed_in_is_recorded_once(aws, tocsin, response, reviewers):
    desk = type(reviewers[0])(aws, tocsin.submission_url, reviewers[0].name, reviewers[0].key)
    at = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    given = {"incident": response.incident, "obligation": "eu-gdpr-33-1", "digest": response.asked["eu-gdpr-33-1"]["digest"]}
    given |= {"reference": "LDA-2026-4711", "submitted_at": at.isoformat()}
    assert desk.send(json.dumps(given).encode(), signed=False)[0] == 403
    later = (at + datetime.timedelta(hours=1)).isoformat()
    for changed, code in (({"digest": "0" * 64}, "text-changed"), ({"submitted_at": later}, "submitted-at"), ({"reference": " "}, "reference")):
        assert desk.send(json.dumps(given | changed).encode())[1]["code"] == code
    assert desk.send(json.dumps(given | {"submitted_at": "2026-01-01T00:00:00"}).encode())[0] == 400, "a time without zone"
    assert response.duty("eu-gdpr-33-1")["state"] == "open"
    named = ("--digest", given["digest"], "--reference", "LDA-2026-4711", "--at", at.isoformat())
    person = command.environment(aws, desk.key)
    arguments = (response.incident, "eu-gdpr-33-1", "--url", tocsin.submission_url, *named)
    delivery = json.loads(command.run("submit", *arguments, environment=person))["delivery"]
    status, again = desk.send(json.dumps(given).encode())
    assert (status, again["delivery"]) == (200, delivery), "the same once more"
    assert (delivery["state"], delivery["reference"], delivery["submitted_by"]) == ("sent", "LDA-2026-4711", desk.arn)
    assert response.duty("eu-gdpr-33-1")["state"] == "sent"
    assert desk.send(json.dumps(given | {"reference": "another"}).encode())[1]["code"] == "already-recorded"


@pytest.fixture
def notice(aws, tocsin, operator, duty):
    aws.put_sending_quota(per_second=400, per_day=-1)
    return Notice(aws, tocsin, duty)


@pytest.fixture(scope="module")
def delivered(aws, tocsin, operator, duty):
    """To all kinds of people, to its end."""
    aws.put_sending_quota(per_second=400, per_day=-1)
    notice = Notice(aws, tocsin, duty)
    notice.rows_of_list = [
        *people(20),
        person("bounce+1@simulator.amazonses.com"),
        person("suppressionlist@simulator.amazonses.com"),
        person("complaint@simulator.amazonses.com"),
        person("mine@breached.example", **BREACHED, name="=cmd|' /C calc'!A1"),
        person("", name="Bo Ek", postal_address="2 Quay"),
    ]
    notice.told(notice.rows_of_list)
    notice.approve(notice.audience(23, 2, breached_mailboxes=1))
    notice.ended = notice.deliver()
    return notice


def test_each_person_is_written_to_once(delivered):
    assert delivered.ended["status"] == "SUCCEEDED"
    to = collections.Counter(sent["To"][0] for sent in delivered.mails())
    assert to == {row["email"]: 1 for row in delivered.rows_of_list if row["email"] and "mailbox_breached" not in row}
    assert {sent["BodyText"] for sent in delivered.mails()} == {"What happened: …"}


def test_what_came_back_and_whom_no_mail_may_tell_gets_a_letter(delivered):
    tally = delivered.tally()
    assert {name: tally[name] for name in ("sent", "unknown", "unsent", "refused", "by_post")} == {
        "sent": 23,
        "unknown": 0,
        "unsent": 0,
        "refused": 0,
        "by_post": 2,
    }
    assert (tally["delivered"], tally["bounced"], tally["complained"], tally["letters"]) == (21, 2, 1, 4)
    letters = delivered.letters()
    assert collections.Counter(row["reason"] for row in letters) == {
        "the mail did not reach the person": 2,
        "mailbox breached": 1,
        "no mail address": 1,
    }
    assert "'=cmd|' /C calc'!A1" in {row["name"] for row in letters}, "no field begins a formula"


def test_the_duty_is_done(delivered):
    assert delivered.delivery()["state"] == "sent"
    assert delivered.records.of_incident(delivered.incident, "OBLIGATION")[0]["state"] == "sent"


def test_an_address_is_in_no_record_and_no_log(delivered):
    rows = delivered.records.under(f"INCIDENT#{delivered.incident}")
    logs = [delivered.aws.function_log(name) for name in (DELIVER, "tocsin-send-notice", "tocsin-conclude-delivery", "tocsin-record-mail-event")]
    for text in (json.dumps([*rows.items(), *map(str, delivered.rows().items())]), *logs):
        assert "people.example" not in text
        assert "amazonses.com" not in text.replace("email.amazonses.com", "")


def test_whoever_asks_again_writes_to_nobody(delivered):
    before = delivered.mails()
    assert delivered.send()[1]["next"] == "nothing"
    batch = {"from": 0, "to": delivered.delivery()["many"]["audience"]["list"]["bytes"], "line": 2}
    payload = {"incident": delivered.incident, "obligation": OBLIGATION, "digest": delivered.digest, "batch": batch}
    error, answer = delivered.invoke(DELIVER, payload)
    assert (error, answer.get("sent")) == (None, 0), answer
    error, concluded = delivered.invoke("tocsin-conclude-delivery", {"incident": delivered.incident, "obligation": OBLIGATION})
    assert error is None and concluded["letters"] == 4
    assert len(delivered.letters()) == 4
    assert delivered.mails() == before


def test_a_changed_list_is_refused_before_anybody_is_written_to(notice):
    rows = people(3)
    notice.told(rows)
    notice.approve(notice.audience(3))
    notice.put_list(as_csv([*rows, person("late@people.example")]))
    error, answer = notice.send()
    assert error == "Incident.NeedsOperator"
    assert "changed after it was approved" in answer["errorMessage"]
    assert notice.mails() == [] and notice.rows() == {}


def test_a_list_that_is_not_what_was_counted_is_refused(notice):
    notice.told(people(3))
    notice.approve(notice.audience(2))
    error, answer = notice.send()
    assert (error, "not the one that was approved" in answer["errorMessage"]) == ("Incident.NeedsOperator", True)
    assert notice.mails() == []


def test_more_than_the_account_may_send_is_refused_before_the_first(notice):
    notice.told(people(3))
    notice.approve(notice.audience(3))
    notice.aws.put_sending_quota(per_second=400, per_day=2)
    error, answer = notice.send()
    assert (error, "the list needs 3" in answer["errorMessage"]) == ("Incident.NeedsOperator", True)
    assert notice.mails() == [] and notice.rows() == {}


def test_a_begin_that_broke_off_goes_on_with_the_same_secret(aws, notice):
    """The people's names in the table come from the first secret, whoever asks again."""
    notice.told(people(2))
    notice.approve(notice.audience(2))
    aws.fail_call("dynamodb", "PutItem", "InternalServerError", status=500, times=3, skip=1, principal="tocsin-send-notice")
    assert notice.send()[0] == "Incident.Transient"
    path = f"secrets/{notice.incident}/{OBLIGATION}"
    secret = notice.s3.get_object(Bucket=notice.stack.lists, Key=path)["Body"].read()
    assert notice.deliver()["status"] == "SUCCEEDED"
    assert notice.s3.get_object(Bucket=notice.stack.lists, Key=path)["Body"].read() == secret
    assert len(secret) == 32 and notice.tally()["sent"] == 2


def test_a_batch_of_what_nobody_approved_is_refused(notice):
    notice.told(people(3))
    notice.approve(notice.audience(3))
    error, sent = notice.send()
    assert error is None, sent
    payload = {"incident": notice.incident, "obligation": OBLIGATION, "digest": "0" * 64, "batch": sent["batches"][0]}
    assert notice.invoke(DELIVER, payload)[0] == "Incident.Rejected"
    assert notice.mails() == []


def test_the_rate_stays_under_that_of_the_account(notice):
    notice.aws.put_sending_quota(per_second=10, per_day=-1)
    notice.told(people(16))
    notice.approve(notice.audience(16))
    assert notice.deliver()["status"] == "SUCCEEDED"
    times = [sent["Timestamp"] for sent in notice.mails()]
    assert len(times) == 16
    assert max(times) - min(times) >= 15 / 10, "no faster than ten a second"


def test_a_run_that_is_killed_again_and_again_writes_to_nobody_twice(aws, notice):
    notice.aws.put_sending_quota(per_second=100, per_day=-1)
    rows = people(120)
    notice.told(rows)
    notice.approve(notice.audience(120))
    execution = notice.begin()
    kills = 0
    for reached in (10, 40, 80):
        aws.wait_until(lambda wanted=reached: len(notice.mails()) >= wanted, seconds=30, every=0.01, what=f"{reached} mails")
        kills += kill(aws)
    ended = notice.end(execution, seconds=90)
    assert kills >= 3
    to = collections.Counter(sent["To"][0] for sent in notice.mails())
    assert max(to.values()) == 1, "nobody is written to twice"
    tally = notice.tally()
    assert tally["sent"] + tally["unknown"] == 120 and tally["unsent"] == 0
    assert tally["unknown"] <= kills
    assert ended["status"] == "SUCCEEDED"


def test_a_mail_of_which_the_answer_was_lost_is_unknown_and_not_sent_again(aws, notice):
    """Its report, if one comes, says what became of it; here none does."""
    rows = people(5)
    notice.told(rows)
    notice.approve(notice.audience(5))
    aws.disturb(["ses:SendEmail"], schedule=["dropped-before"], principals=["function"])
    assert notice.deliver()["status"] == "SUCCEEDED"
    assert len(notice.mails()) == 4
    tally = notice.tally()
    assert (tally["sent"], tally["unknown"], tally["unsent"]) == (4, 1, 0)


def test_a_report_tells_that_a_mail_went_out_whose_answer_was_lost(aws, notice):
    notice.told(people(5))
    notice.approve(notice.audience(5))
    aws.disturb(["ses:SendEmail"], schedule=["dropped-after"], principals=["function"])
    assert notice.deliver()["status"] == "SUCCEEDED"
    assert len(notice.mails()) == 5
    tally = notice.tally()
    assert (tally["sent"], tally["unknown"], tally["delivered"]) == (5, 0, 5)


def test_a_mail_service_that_says_later_costs_nobody_the_notice(aws, notice):
    notice.told(people(5))
    notice.approve(notice.audience(5))
    aws.fail_call("ses", "SendEmail", "TooManyRequestsException", status=429, times=3)
    aws.fail_call("ses", "SendEmail", "MessageRejected", status=400, principal=DELIVER)
    assert notice.deliver()["status"] == "SUCCEEDED"
    tally = notice.tally()
    assert (tally["sent"], tally["refused"], tally["unsent"]) == (4, 1, 0)


def test_reports_twice_and_in_any_order_end_the_same(aws, notice):
    notice.told(people(1))
    notice.approve(notice.audience(1))
    notice.deliver()
    (((_, name), before),) = notice.rows().items()
    name = name.removeprefix("PERSON#")
    tags = {"tocsin-incident": [notice.incident], "tocsin-obligation": [OBLIGATION], "tocsin-person": [name]}
    of = lambda kind, **more: {"eventType": kind, "mail": {"messageId": "m-1", "tags": tags}, **more}  # noqa: E731
    bounce = ("Email Bounced", of("Bounce", bounce={"bounceType": "Permanent"}))
    complaint = ("Email Complaint Received", of("Complaint", complaint={}))
    for detail_type, detail in (complaint, bounce, complaint, bounce):
        aws.publish_service_event({"source": "aws.ses", "detail-type": detail_type, "detail": detail})
    both = lambda: (found := next(iter(notice.rows().values())))["reports"].keys() >= {"bounced_at", "complained_at"} and found  # noqa: E731
    aws.wait_until(both, seconds=20, what="both reports")
    time.sleep(1)
    after = next(iter(notice.rows().values()))
    assert after["state"] == before["state"]
    assert set(after["reports"]) == {"delivered_at", "bounced_at", "complained_at"}
