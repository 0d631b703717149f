"""The containment approval: nothing that waits for a person runs before the yes of another one, and nothing else waits with it."""

import html
import json

import pytest
from demo import command, mail

ISOLATE = "isolate-instance"


def step(response, action: str, number: int = 1) -> dict:
    return next(record for record in response.of("ACTION") if (record["action"], record["pass"]) == (action, number))


def states(response) -> dict[str, str]:
    return {record["action"]: record["state"] for record in response.of("ACTION") if record["pass"] == 1}


def shown(response, action: str = ISOLATE):
    target = (action, step(response, action)["target"])
    return response.account()[target], response.before[target]


def tokens(response) -> set[str]:
    """The task tokens of approvals that the table holds for this incident."""
    rows = response.records.everything().items()
    return {item["record"]["token"] for (pk, _), item in rows if pk.startswith(f"APPROVAL-GATE#{response.incident}#")}


def asked(response, seconds: int = 30) -> dict:
    """The one approval of the incident, once somebody was asked for it."""
    find = lambda: [approval for approval in response.of("APPROVAL") if approval["asked"] > 0]  # noqa: E731
    (approval,) = response.aws.wait_until(find, seconds=seconds, what="an approval that is asked for")
    return approval


def execution(response, machine: str, name: str) -> str | None:
    return response.watch.executions(machine).get(f"{machine} {response.incident}-{name}")


def until_contained(response, action: str = ISOLATE) -> None:
    contained = lambda: states(response)[action] == "contained"  # noqa: E731
    response.aws.wait_until(contained, seconds=60, what=f"{action} after the approval")


def reject_notices(response, reviewer, until) -> None:
    """Counsel rejects every notice, one after the other, until this holds."""

    def is_over() -> bool:
        for waiting in response.records.waiting(response.incident):
            reviewer.decide(waiting, response.draft(waiting)["digest"], "rejected")
        return until()

    response.aws.wait_until(is_over, seconds=60, every=0.3, what="the end of the notices")


def change(response, key: tuple[str, str], field: str, value: str) -> None:
    """Change a record as no function would, to see what the functions make of it."""
    response.aws.client("dynamodb").update_item(
        TableName=response.stack.table,
        Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}},
        UpdateExpression="SET #record.#field = :value",
        ExpressionAttributeNames={"#record": "record", "#field": field},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def ask_for(aws, tocsin, seconds: int, attempts: int) -> str:
    """Let approvals be asked for so often, for so long; answers with the definition as it was."""
    client, arn = aws.client("stepfunctions"), tocsin.machine("containment-approval")
    definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
    other = json.loads(definition)
    other["States"]["ReadApproval"]["Assign"] |= {"seconds": seconds, "attempts": attempts}
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(other))
    return definition


def put_back(aws, tocsin, definition: str) -> None:
    aws.client("stepfunctions").update_state_machine(stateMachineArn=tocsin.machine("containment-approval"), definition=definition)


@pytest.fixture(scope="module", autouse=True)
def patient(aws, tocsin):
    """Nobody has to hurry, unless a test says so."""
    definition = ask_for(aws, tocsin, seconds=300, attempts=2)
    yield
    put_back(aws, tocsin, definition)


@pytest.fixture
def impatient(aws, tocsin, patient):
    """Approvals that are asked for three times, for three seconds each."""
    definition = ask_for(aws, tocsin, seconds=3, attempts=3)
    yield
    put_back(aws, tocsin, definition)


@pytest.fixture
def protected(attack, guarded):
    """A response to an attack on an instance that nothing may touch without a person's yes, and the approval that is asked for."""

    def attack_protected():
        response = attack()
        guarded(protected=[response.shop.instance])
        response.publish()
        return response, asked(response)

    return attack_protected


def test_nothing_else_waits_with_what_waits_for_a_person(protected, approvers, reviewers):
    response, approval = protected()
    response.until_contained()
    standing = states(response)
    assert standing.pop(ISOLATE) == "withheld"
    assert standing and set(standing.values()) == {"contained"}
    now, before = shown(response)
    assert now == before
    assert {review["obligation"] for review in response.until_gate()} == {"eu-gdpr-33-1", "us-ca-ind"}
    assert execution(response, "containment-approval", approval["id"]) == "RUNNING"

    first, second = approvers
    assert first.waiting(response.incident) == [approval["id"]]
    ((waiting,),) = first.show(response.incident, approval["id"])["waves"]
    assert (waiting["action"], waiting["target"]) == (ISOLATE, response.shop.instance)
    assert waiting["impact"]
    (page,) = [text for text in response.pages() if "waits for a person" in text]
    for said in (waiting["reason"], waiting["impact"], f"tocsin contain approve {response.incident} {approval['id']} --url {first.url}"):
        assert said in page
    seen = tokens(response)
    assert len(seen) == 1

    status, answer = first.decide(response.incident, approval["id"], "all", "the shop runs on the other one")
    assert status == 200, answer
    until_contained(response)
    now, before = shown(response)
    assert now != before
    gone = lambda: execution(response, "containment-approval", approval["id"]) == "SUCCEEDED"  # noqa: E731
    response.aws.wait_until(gone, seconds=30, what="the end of the approval")
    assert first.waiting(response.incident) == []
    assert step(response, ISOLATE)["order"] == answer["order"]

    # The same again is the same; anything else is refused.
    again = first.decide(response.incident, approval["id"], "all", "the shop runs on the other one")
    assert again == (200, answer)
    for other in ((second, "all"), (second, []), (first, [])):
        status, refused = other[0].decide(response.incident, approval["id"], other[1])
        assert (status, refused["code"]) == (409, "already-decided")
    assert execution(response, "containment", answer["order"]) == "SUCCEEDED"
    assert len(response.of("ORDER")) == 1
    found = response.aws.client("ssm").describe_automation_executions(MaxResults=50)["AutomationExecutionMetadataList"]
    runs = [run for run in found if run["AutomationExecutionId"] == step(response, ISOLATE)["automation"]]
    assert [run["DocumentName"] for run in runs] == ["Tocsin-IsolateInstance"]

    reject_notices(response, reviewers[0], until=response.watch.has_ended)
    report = response.read("report.html").decode()
    assert "the shop runs on the other one" in report
    assert first.arn in html.unescape(report)

    # The token was in its own partition of the table, and nowhere else.
    logs = [log.read_text() for log in (response.aws.run_dir / "logs").iterdir()]
    rows = {key: json.dumps(item) for key, item in response.records.everything().items() if not key[0].startswith("APPROVAL-GATE#")}
    for token in seen:
        assert not any(token in text for text in [*response.pages(), *logs, *rows.values(), report, json.dumps(answer)])
    assert tokens(response) == set()


def test_what_is_declined_is_not_done_and_the_report_waits_for_the_answer(protected, approvers, reviewers):
    response, approval = protected()
    response.until_contained()
    reject_notices(response, reviewers[0], until=lambda: "report.html" in response.vault())
    assert not response.watch.has_ended(), "the response has told counsel, and waits for the approval"
    assert ISOLATE in response.read("report.html").decode()
    reason = "it serves the checkout"
    answer = tocsin_contain(response, approvers[1], "decline", response.incident, approval["id"], "--reason", reason, "--json")
    assert [declined["action"] for declined in answer["decision"]["declined"]] == [ISOLATE]
    response.until_ended()
    assert states(response)[ISOLATE] == "declined"
    now, before = shown(response)
    assert now == before
    assert response.of("ORDER") == []
    assert execution(response, "containment-approval", approval["id"]) == "SUCCEEDED"
    assert reason in response.read("report.html").decode()


def tocsin_contain(response, approver, *arguments: str):
    """`tocsin contain …`, as a person runs it."""
    environment = command.environment(response.aws, approver.key)
    return json.loads(command.run("contain", *arguments, "--url", approver.url, environment=environment))


def test_only_what_was_approved_is_done(attack, guarded, approvers):
    response = attack()
    guarded(protected=[response.shop.instance, response.shop.bucket])
    response.publish()
    approval = asked(response)
    (listed,) = [one for one in tocsin_contain(response, approvers[0], "approvals", "--json") if one["incident"] == response.incident]
    steps = [waiting["action"] for wave in listed["waves"] for waiting in wave]
    assert sorted(steps) == [ISOLATE, "lock-bucket"]
    number = str(steps.index("lock-bucket") + 1)
    arguments = (response.incident, approval["id"], "--step", number, "--reason", "the bucket only")
    tocsin_contain(response, approvers[0], "approve", *arguments, "--json")
    until_contained(response, "lock-bucket")
    assert states(response)[ISOLATE] == "declined"
    now, before = shown(response)
    assert now == before


def test_who_asked_cannot_approve_and_nobody_approves_for_an_incident_that_is_none(protected, approvers):
    response, approval = protected()
    first, second = approvers
    key = (f"INCIDENT#{response.incident}", f"APPROVAL#{approval['id']}")
    change(response, key, "requested_by", first.arn)
    status, refused = first.decide(response.incident, approval["id"], "all")
    assert (status, refused["code"]) == (409, "approver-is-requester")

    elder = "inc-" + "0" * 20
    change(response, (f"INCIDENT#{response.incident}", "INCIDENT"), "absorbed_by", elder)
    status, refused = second.decide(response.incident, approval["id"], "all")
    assert (status, refused["code"]) == (409, "absorbed")
    assert elder in refused["message"]
    assert states(response)[ISOLATE] == "withheld"
    assert second.decide(response.incident, approval["id"], [], "decided for the elder")[0] == 200
    assert states(response)[ISOLATE] == "declined"
    assert [attempt["refusal"] for attempt in response.of("APPROVAL-ATTEMPT")].count("approver-is-requester") == 1


def test_only_whole_and_signed_requests_are_answered(protected, approvers):
    response, approval = protected()
    (approver, _), place = approvers, f"approvals/{response.incident}/{approval['id']}"
    yes = {"approve": "all", "reason": "seen"}
    assert approver.call("GET", "approvals", signed=False)[0] == 403
    assert approver.call("POST", f"{place}/decision", yes, signed=False)[0] == 403
    for body in (b"yes", {"approve": "all"}, {"reason": "seen"}, {**yes, "approve": "some"}, {**yes, "who": "me"}):
        assert approver.call("POST", f"{place}/decision", body)[0] == 400
    for approve, reason, code in (("all", " ", "reason-missing"), ([2], "seen", "no-such-step"), ([0], "seen", "no-such-step")):
        status, refused = approver.decide(response.incident, approval["id"], approve, reason)
        assert (status, refused["code"]) == (409, code)
    other = f"approvals/{response.incident}/apr-{'0' * 20}"
    for method, below in (("GET", other), ("POST", f"{other}/decision"), ("GET", f"{place}/decision"), ("POST", place), ("GET", "")):
        assert approver.call(method, below, yes if method == "POST" else b"")[0] == 404
    now, before = shown(response)
    assert now == before
    assert approver.decide(response.incident, approval["id"], [], "only a test")[0] == 200

    # Who asks after the decision hears it at once, though nothing waits under this token.
    task = {"incident": response.incident, "approval": approval["id"], "attempt": 9, "attempts": 9, "timeout_seconds": 9, "token": "none"}
    pages = len(response.pages())
    assert response.invoke("request-containment-approval", task) == (None, {"waiting": False})
    assert (len(response.pages()), tokens(response)) == (pages, set())


def test_silence_is_escalated_and_asked_again_and_never_means_yes(impatient, escalated, protected, approvers):
    response, approval = protected()
    escalations = lambda: [text for text in mail.pages(response.aws, escalated) if approval["id"] in text]  # noqa: E731
    seen: set[str] = set()

    def is_given_up() -> bool:
        # A look that takes longer than a token lives would miss it.
        held = response.records.under(f"APPROVAL-GATE#{response.incident}#{approval['id']}")
        seen.update(record["token"] for record in held.values())
        return execution(response, "containment-approval", approval["id"]) == "FAILED"

    response.aws.wait_until(is_given_up, seconds=60, every=0.1, what="the end of an approval that nobody answers")
    assert len(seen) == 3, "each time has a token of its own"
    assert len(set(escalations())) == 3, "two that ask again, and the last one"
    assert len([text for text in escalations() if "nobody is asked again" in text]) == 1
    requests = [text for text in response.pages() if "tocsin contain approve" in text]
    assert len(requests) == 3
    assert all(any(f"Asked {number} of 3 times" in text for text in requests) for number in (1, 2, 3))
    now, before = shown(response)
    assert now == before
    assert states(response)[ISOLATE] == "withheld"

    # It still waits, and the answer of somebody who comes late is carried out.
    assert approvers[0].waiting(response.incident) == [approval["id"]]
    status, answer = approvers[0].decide(response.incident, approval["id"], "all", "seen in the morning")
    assert status == 200, answer
    until_contained(response)
    assert approvers[0].waiting(response.incident) == []
    logs = [log.read_text() for log in (response.aws.run_dir / "logs").iterdir()]
    assert not any(token in text for token in seen for text in [*response.pages(), *escalations(), *logs])
