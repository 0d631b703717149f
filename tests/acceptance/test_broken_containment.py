"""Containment that breaks: the account is as it was found, or a person knows that it is not."""

import pytest
from demo import account


@pytest.fixture(scope="module")
def broken(attack):
    """The isolation fails after it swapped groups. The lock fails too, and so does taking the lock back."""
    response = attack()
    response.aws.fail_step("Tocsin-IsolateInstance", "SwapToIsolation", "after")
    response.aws.fail_step("Tocsin-LockBucket", "EncryptByDefault", "after")
    response.aws.fail_step("Tocsin-ReverseLockBucket", "RestoreEncryption", "before")
    response.publish()
    response.until_contained()
    return response


def state(response, action: str) -> dict:
    return next(record for record in response.of("ACTION") if (record["action"], record["pass"]) == (action, 1))


def test_failed_isolation_leaves_the_instance_as_found(broken):
    target = ("isolate-instance", broken.shop.instance)
    assert broken.account()[target] == broken.before[target]
    assert state(broken, "isolate-instance")["state"] == "reversed"


def test_operator_is_told_of_the_reversal(broken):
    told = [page for page in broken.pages() if "isolate-instance" in page and "the account is as it was found" in page]
    assert len(told) == 1


def test_operator_is_told_of_a_reversal_that_failed(broken):
    assert state(broken, "lock-bucket")["state"] == "failed"
    told = [page for page in broken.pages() if "lock-bucket" in page and "could not be reversed" in page]
    assert len(told) == 1


def test_the_rest_goes_on(broken):
    """Sessions are revoked, evidence is sealed and counsel is asked, whatever became of the other steps."""
    policies = broken.account()["revoke-role-sessions", broken.shop.role]["policies"]
    assert account.REVOCATION in policies
    assert {review["obligation"] for review in broken.until_gate()} == {"eu-gdpr-33-1", "us-ca-ind"}
    assert broken.verify()
    assert broken.watch.executions()[f"containment {broken.incident}"] == "FAILED"


def test_notice_claims_no_measure_that_was_not_observed(broken):
    text = broken.draft(broken.waiting("us-ca-ind"))["text"]
    assert "sessions that were being misused were revoked" in text
    assert "cut off from the network" not in text
    assert "closed to everyone" not in text
    assert broken.records.incident(broken.incident)["closed_at"] is None


def test_throttled_start_joins_the_first(attack):
    """SSM throttles every first start, and the table once: each document still runs once for its step."""
    response = attack()
    response.aws.fail_call("ssm", "StartAutomationExecution", "ThrottlingException", times=4, principal="tocsin-start-containment")
    response.aws.fail_call("dynamodb", "PutItem", "ThrottlingException", principal="tocsin-start-containment")
    response.publish()
    assert {action["state"] for action in response.until_contained()} == {"contained"}
    found = response.aws.client("ssm").describe_automation_executions(MaxResults=50)["AutomationExecutionMetadataList"]
    ours = [run["DocumentName"] for run in found if run["AutomationExecutionId"] in {a["automation"] for a in response.of("ACTION")}]
    assert sorted(ours) == ["Tocsin-IsolateInstance", "Tocsin-LockBucket", "Tocsin-RevokeRoleSessions", "Tocsin-RevokeRoleSessions"]
    assert response.pages() == []


def test_protected_resource_waits_for_a_person(attack, open_shop):
    response = attack()
    protected = [response.shop.instance]
    open_shop(protected)
    response.publish()
    actions = {action["action"]: action["state"] for action in response.until_contained()}
    assert actions["isolate-instance"] == "withheld"
    target = ("isolate-instance", response.shop.instance)
    assert response.account()[target] == response.before[target]
    assert [page for page in response.pages() if "waits for a person" in page]
    open_shop()
