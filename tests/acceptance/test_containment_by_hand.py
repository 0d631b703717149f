"""Containment by hand, as `tocsin contain` does it: the engine of the playbooks, for a bucket that no finding named."""

import json

import pytest
from demo import account, command, containment, mail, stack
from demo.records import Records
from operators import Operator, ended, executions

ACTION = "lock-bucket"
REASON = "a partner told us that the bucket is read from outside"


@pytest.fixture(scope="module")
def operators(aws, tocsin):
    return [Operator(aws, tocsin, name) for name in stack.OPERATORS]


@pytest.fixture(scope="module")
def bucket(open_shop):
    """A bucket with a policy of its own. No finding about its shop is ever published."""
    return open_shop()[0].bucket


@pytest.fixture(scope="module")
def found(aws, bucket):
    return account.of_step(aws, ACTION, bucket)


@pytest.fixture(scope="module")
def planned(aws, operators, bucket, found):
    """What would be done, and the account after it was asked."""
    plan = operators[0].contain("plan", ACTION, bucket)
    return plan, account.of_step(aws, ACTION, bucket)


@pytest.fixture(scope="module")
def applied(operators, bucket, planned):
    return operators[0].contain("apply", ACTION, bucket, "--reason", REASON, "--wait")


def test_plan_shows_the_exact_calls_and_changes_nothing(planned, found, bucket, operators):
    plan, after = planned
    assert after == found
    assert (plan["state"], plan["target"], plan["by"]) == ("planned", bucket, operators[0].arn)
    assert [call["call"] for call in plan["calls"]] == ["s3:PutBucketPolicy", "s3:PutBucketEncryption", "s3:PutPublicAccessBlock"]
    assert containment.RESPONDER in plan["calls"][0]["change"]
    assert any("Checkout" in hit for hit in plan["hits"])
    assert plan["objections"] == []
    assert plan["impact"]


def test_apply_contains_what_no_finding_named(aws, applied, bucket, found):
    assert (applied["accepted"], applied["state"]) == (True, "contained")
    now = account.of_step(aws, ACTION, bucket)
    assert all(now["public_access_block"].values())
    assert now["policy"]["Statement"][:-1] == found["policy"]["Statement"]
    assert now["policy"]["Statement"][-1]["Sid"] == "TocsinLockBucket"


def test_what_was_done_is_what_the_plan_said(aws, planned, applied):
    """Every call that the automation made was shown, and the other way round. Turning public policies off takes two where it takes one."""
    run = applied["step"]["automation"]
    execution = aws.client("ssm").get_automation_execution(AutomationExecutionId=run)["AutomationExecution"]
    assert execution["DocumentName"] == "Tocsin-LockBucket"
    bucket = planned[0]["target"]
    made = [
        call["operation"] for call in aws.calls("automation", "Tocsin-LockBucket") if call["parameters"].get("Bucket") == bucket
    ]
    shown = [call["call"].split(":")[1] for call in planned[0]["calls"]]
    assert {operation for operation in made if operation.startswith("Put")} == set(shown)


def test_status_tells_who_wanted_it_and_why(operators, applied, bucket):
    step = operators[1].step(applied["incident"], bucket)
    assert (step["state"], step["ordered"]["by"], step["ordered"]["reason"]) == ("contained", operators[0].arn, REASON)
    assert "/policy" in step["before"]
    assert "TocsinLockBucket" in step["observation"]["policy"]
    assert step["contained_at"] >= step["started_at"]


def test_same_order_again_is_one(aws, tocsin, operators, applied, bucket):
    again = operators[0].contain("apply", ACTION, bucket, "--reason", REASON, "--wait")
    assert (again["incident"], again["order"]) == (applied["incident"], applied["order"])
    assert again["step"]["automation"] == applied["step"]["automation"]
    assert len(executions(aws, tocsin, "containment", applied["incident"])) == 1
    assert len(Records(aws, tocsin.table).of_incident(applied["incident"], "ORDER")) == 1


def test_incident_by_hand_starts_no_response_and_no_clock(aws, tocsin, applied, operators):
    records = Records(aws, tocsin.table)
    incident = records.incident(applied["incident"])
    assert (incident["category"], incident["indications"][0]["finding"]) == ("unclassified", operators[0].arn)
    assert executions(aws, tocsin, "incident-response", applied["incident"]) == {}
    assert records.of_incident(applied["incident"], "OBLIGATION") == []


def test_nothing_but_a_signed_request_is_served(operators, bucket):
    wanted = {"action": ACTION, "target": bucket, "reason": REASON}
    assert operators[0].raw.call("POST", "apply", wanted, signed=False)[0] == 403
    status, answer = operators[0].raw.call("POST", "apply", {**wanted, "by": "arn:aws:iam::111122223333:user/somebody"})
    assert (status, answer["code"]) == (400, "malformed")


def test_reversal_without_a_reason_is_refused(aws, operators, applied, bucket):
    wanted = {"incident": applied["incident"], "action": ACTION, "target": bucket}
    for body in (wanted, {**wanted, "reason": " "}):
        status, answer = operators[1].raw.call("POST", "reverse", body)
        assert (status, answer["code"]) == (400, "malformed")
        assert "`$.reason`" in answer["message"]
    with pytest.raises(command.CommandFailed, match="--reason"):
        operators[1].contain("reverse", ACTION, bucket, "--incident", applied["incident"])
    assert operators[1].step(applied["incident"], bucket)["state"] == "contained"


def test_what_somebody_changed_since_is_not_lost(aws, tocsin, operator, operators, applied, bucket):
    """The reversal would put the old policy back over a change that somebody made: it is refused, and told what changed."""
    s3, left = aws.client("s3"), account.of_step(aws, ACTION, bucket)
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    policy = json.loads(text)
    own = {**policy["Statement"][0], "Sid": "Auditors"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({**policy, "Statement": [own, *policy["Statement"]]}))
    changed = account.of_step(aws, ACTION, bucket)
    operators[1].contain("reverse", ACTION, bucket, "--incident", applied["incident"], "--reason", "too early")
    assert ended(aws, tocsin, applied["incident"], 1) == ["FAILED"]
    assert account.of_step(aws, ACTION, bucket) == changed
    (page,) = [page for page in mail.pages(aws, operator) if applied["incident"] in page]
    for said in ("changed since", "/policy", operators[1].arn):
        assert said in page
    assert operators[1].step(applied["incident"], bucket)["state"] == "contained"
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert account.of_step(aws, ACTION, bucket) == left


def test_reversal_gives_back_exactly_what_was_found(aws, tocsin, operators, applied, bucket, found):
    operators[1].contain("reverse", ACTION, bucket, "--incident", applied["incident"], "--reason", "the partner was wrong")
    assert sorted(ended(aws, tocsin, applied["incident"], 2)) == ["FAILED", "SUCCEEDED"]
    assert account.of_step(aws, ACTION, bucket) == found
    step = operators[0].step(applied["incident"], bucket)
    assert (step["state"], step["reversed_by"]["by"]) == ("reversed", operators[1].arn)
    assert [(one["by"], one["reason"]) for one in step["reversals"]] == [
        (operators[1].arn, "too early"),
        (operators[1].arn, "the partner was wrong"),
    ]


def test_what_is_not_contained_cannot_be_given_back(operators, applied, bucket):
    refused = operators[1].contain("reverse", ACTION, bucket, "--incident", applied["incident"], "--reason", "again", codes=(1,))
    assert (refused["accepted"], refused["code"]) == (False, "not-contained")


def test_what_is_protected_waits_for_a_second_person(aws, tocsin, operators, approvers, open_shop):
    """Whoever ordered it cannot approve it."""
    bucket = open_shop()[0].bucket
    before = account.of_step(aws, ACTION, bucket)
    protect = lambda *names: containment.document(aws.account, protected=list(names))  # noqa: E731
    containment.put(aws, tocsin.settings, tocsin.settings_key, protect(bucket))
    plan = operators[0].contain("plan", ACTION, bucket)
    assert any("protected" in objection for objection in plan["objections"])
    refused = operators[0].contain("apply", ACTION, bucket, "--reason", REASON, codes=(1,))
    assert (refused["accepted"], refused["code"]) == (False, "needs-approval")
    incident, approval = refused["incident"], refused["approval"]
    assert account.of_step(aws, ACTION, bucket) == before
    assert approvers[0].waiting(incident) == [approval]
    status, answer = approvers[0].decide(incident, approval, "all")
    assert status == 200, answer
    contained = lambda: operators[0].step(incident, bucket)["state"] == "contained"  # noqa: E731
    aws.wait_until(lambda: operators[0].contain("status", incident)["steps"], seconds=60, what="the step")
    aws.wait_until(contained, seconds=60, what="what was approved")
    assert operators[0].step(incident, bucket)["ordered"]["by"] == approvers[0].arn
    containment.put(aws, tocsin.settings, tocsin.settings_key, protect())
