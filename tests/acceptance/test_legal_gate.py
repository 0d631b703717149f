"""The legal gate: what is refused, what a correction does, and what happens when nobody decides."""

import json

import pytest
from demo import organisation


@pytest.fixture(scope="module")
def gated(attack):
    """A response at the gate: two notices wait, and a third follows one of them."""
    response = attack()
    response.publish()
    response.until_gate()
    return response


def attempts(response, obligation: str) -> list[tuple[str, str | None]]:
    """Who tried to decide, and why it was refused, in order."""
    made = [attempt for attempt in response.of("ATTEMPT") if attempt["obligation"] == obligation]
    return [(a["reviewer"].rsplit("/", 1)[-1], a["refusal"]) for a in sorted(made, key=lambda attempt: attempt["at"])]


def test_nothing_but_a_signed_request_reaches_the_gate(gated, reviewers):
    waiting = gated.waiting("eu-gdpr-33-1")
    digest = gated.draft(waiting)["digest"]
    decided = {**{key: waiting[key] for key in ("incident", "obligation", "version")}, "digest": digest}
    body = json.dumps({**decided, "verdict": "approved", "reason": "read"}).encode()
    assert reviewers[0].send(body, signed=False)[0] == 403
    stolen = type(reviewers[0])(gated.aws, reviewers[0].url, "nobody", {"access_key": "AKIAEXAMPLEUNKNOWN00", "secret_key": "x" * 40})
    assert stolen.send(body)[0] == 403
    assert attempts(gated, "eu-gdpr-33-1") == []
    assert reviewers[0].send(b"approve everything")[0] == 400
    assert reviewers[0].decide({**waiting, "version": 9}, digest, "approved")[0] == 404


def test_decision_on_another_text_is_refused_and_recorded(gated, reviewers):
    waiting = gated.waiting("eu-gdpr-33-1")
    status, answer = reviewers[0].decide(waiting, "0" * 64, "approved")
    assert (status, answer["code"]) == (409, "text-changed")
    status, answer = reviewers[0].decide(waiting, gated.draft(waiting)["digest"], "approved", reason=" ")
    assert (status, answer["code"]) == (409, "reason-missing")
    assert attempts(gated, "eu-gdpr-33-1") == [(reviewers[0].name, "text-changed"), (reviewers[0].name, "reason-missing")]
    assert gated.mails() == []
    assert gated.waiting("eu-gdpr-33-1") == waiting


def test_who_corrected_a_fact_cannot_approve_the_new_text(gated, reviewers):
    first, second = reviewers
    waiting = gated.waiting("eu-gdpr-33-1")
    old = gated.draft(waiting)
    facts = {"affected.DE": 29_500, "notice.measures_proposed": "Alle Kennwörter werden zurückgesetzt."}
    status, answer = first.decide(waiting, old["digest"], "changes-requested", reason="the count is lower", facts=facts)
    assert status == 200, answer
    renewed = gated.aws.wait_until(lambda: next_version(gated, waiting), seconds=30, what="version 2")
    new = gated.draft(renewed)
    assert new["digest"] != old["digest"]
    assert "zurückgesetzt" in new["text"]
    assert first.arn in new["drafters"]

    status, answer = first.decide(renewed, new["digest"], "approved")
    assert (status, answer["code"]) == (409, "reviewer-is-drafter")
    status, answer = second.decide(renewed, old["digest"], "approved")
    assert (status, answer["code"]) == (409, "text-changed"), "the digest of version 1 approves no version 2"
    assert gated.mails() == []

    second.approve(gated, renewed)
    gated.aws.wait_until(gated.mails, seconds=30, what="the notice")
    status, answer = first.decide(renewed, new["digest"], "rejected")
    assert (status, answer["code"]) == (409, "already-decided")
    assert attempts(gated, "eu-gdpr-33-1")[-4:] == [
        (first.name, "reviewer-is-drafter"),
        (second.name, "text-changed"),
        (second.name, None),
        (first.name, "already-decided"),
    ]
    (mail,) = gated.mails()
    assert mail["BodyText"] == new["text"]
    facts = gated.of("FACTS")[1]
    assert facts["values"]["affected.DE"]["author"] == first.arn


def next_version(response, waiting: dict) -> dict | None:
    found = [review for review in response.records.waiting(response.incident) if review["obligation"] == waiting["obligation"]]
    return next((review for review in found if review["version"] == waiting["version"] + 1), None)


def test_throttled_services_cost_no_notice_and_send_none_twice(gated, reviewers):
    """The mail service refuses once, Step Functions and the table throttle once: one mail."""
    mails = len(gated.mails())
    gated.aws.fail_call("ses", "SendEmail", "TooManyRequestsException", status=429)
    gated.aws.fail_call("states", "SendTaskSuccess", "ThrottlingException")
    gated.aws.fail_call("dynamodb", "PutItem", "ProvisionedThroughputExceededException", principal="tocsin-send-notice")
    reviewers[1].approve(gated, gated.waiting("us-ca-ind"))
    gated.waiting("us-ca-reg")
    sent = gated.mails()[mails:]
    assert [mail["To"] for mail in sent] == [[organisation.RECIPIENTS["us-ca-ind"]["email"]]]


def test_rejected_notice_is_withheld_and_the_incident_closes(gated, reviewers):
    waiting = gated.waiting("us-ca-reg")
    mails = gated.mails()
    status, answer = reviewers[1].decide(waiting, gated.draft(waiting)["digest"], "rejected", reason="told by telephone")
    assert status == 200, answer
    gated.until_ended()
    assert gated.duty("us-ca-reg")["state"] == "withheld"
    status, answer = reviewers[1].decide(waiting, gated.draft(waiting)["digest"], "approved")
    assert (status, answer["code"]) == (409, "already-decided")
    assert gated.mails() == mails
    assert gated.records.incident(gated.incident)["closed_at"]
    report = gated.read("report.html").decode()
    for said in ("text-changed", "told by telephone", "the count is lower"):
        assert said in report


@pytest.fixture
def impatient(aws, tocsin):
    """The notification state machine, with reviews that time out after two seconds."""
    client, arn = aws.client("stepfunctions"), tocsin.machine("notification")
    definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
    quick = json.loads(definition)
    quick["States"]["RequestLegalReview"]["TimeoutSeconds"] = 2
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(quick))
    yield
    client.update_state_machine(stateMachineArn=arn, definition=definition)


def test_timeout_pages_and_asks_again_and_never_sends(impatient, attack, reviewers):
    response = attack()
    response.publish()
    response.until_gate()
    token = "GATE#{}#eu-gdpr-33-1#000001".format(response.incident)
    first = response.tokens()[token]
    page = "counsel has not decided on eu-gdpr-33-1"
    pages = lambda: [text for text in response.pages() if page in text]  # noqa: E731
    before = len(pages())  # it may have been asked again while evidence was preserved
    response.aws.wait_until(lambda: len(pages()) >= before + 2, seconds=60, what="two pages about one review")
    assert len(set(pages())) == len(pages()), "each page says when it was asked again"
    assert response.mails() == []
    assert response.tokens()[token] != first
    assert not any(first in text for text in [*response.pages(), *(log.read_text() for log in (response.aws.run_dir / "logs").iterdir())])
    waiting = response.waiting("eu-gdpr-33-1")
    assert waiting["version"] == 1, "the text did not change, so it is the same version"
    reviewers[0].approve(response, waiting)
    response.aws.wait_until(response.mails, seconds=30, what="the notice")
    while not response.watch.has_ended():
        for waiting in response.records.waiting(response.incident):
            assert reviewers[0].decide(waiting, response.draft(waiting)["digest"], "rejected")[0] == 200
        response.until_gate_or_ended()
    assert len(response.mails()) == 1
