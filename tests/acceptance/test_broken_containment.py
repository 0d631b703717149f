"""Containment that breaks: the account is as it was found, or a person knows that it is not."""

import contextlib
import os
import pathlib
import signal
import threading
import time

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


class Killer(threading.Thread):
    """Kills the process of each of these functions once, a moment after it was first seen at work."""

    def __init__(self, aws, functions: list[str]):
        super().__init__(daemon=True)
        self.endpoint, self.left, self.is_over = aws.endpoint, {f"tocsin-{name}" for name in functions}, False

    def run(self) -> None:
        while self.left and not self.is_over:
            for process, name in self.processes():
                if name in self.left:
                    time.sleep(0.02)
                    # One that has ended by now is not killed; the function's next one is.
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                        self.left.discard(name)
            time.sleep(0.002)

    def processes(self) -> list[tuple[int, str]]:
        """The functions of this local AWS, and of no other."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                settings = dict(line.split("=", 1) for line in (process / "environ").read_text().split("\0") if "=" in line)
            except (OSError, UnicodeDecodeError):
                continue
            if settings.get("AWS_ENDPOINT_URL") == self.endpoint and "AWS_LAMBDA_FUNCTION_NAME" in settings:
                found.append((int(process.name), settings["AWS_LAMBDA_FUNCTION_NAME"]))
        return found


def test_killed_functions_are_repeated(aws, attack):
    """Whether a function was killed before, amid or after its work: it is called again, and nothing is done twice."""
    response = attack()
    # Functions that are still warm from another test would be killed while they idle, and a killed one is there for a moment yet.
    looking = Killer(aws, [])
    warm = {process for process, name in looking.processes() if name != "tocsin-receive-finding"}
    for process in warm:
        os.kill(process, signal.SIGKILL)
    aws.wait_until(lambda: not warm & {process for process, _ in looking.processes()}, seconds=30, every=0.01, what="their end")
    names = ["preserve-evidence", "plan-containment", "start-containment", "verify-containment", "seal-custody", "assess-obligations"]
    killer = Killer(aws, [*names, "draft-notice", "request-legal-review"])
    killer.start()
    response.publish()
    response.until_gate()
    killer.is_over = True
    killer.join()
    assert killer.left == set()
    assert {action["state"] for action in response.of("ACTION")} == {"contained"}
    assert response.pages() == []
    assert response.verify()
    assert all(len(versions) == 1 for path, versions in response.vault().items() if path.startswith("evidence/"))
    filters = [{"Name": "tag:tocsin:incident", "Values": [response.incident]}]
    snapshots = aws.client("ec2").describe_snapshots(Filters=filters)["Snapshots"]
    taken = [one for one in snapshots if not any(tag["Key"] == "tocsin:source-snapshot" for tag in one["Tags"])]
    assert len(taken) == 2
    assert {review["version"] for review in response.records.waiting(response.incident)} == {1}


def test_protected_resource_waits_for_a_person(attack, guarded):
    response = attack()
    guarded(protected=[response.shop.instance])
    response.publish()
    actions = {action["action"]: action["state"] for action in response.until_contained()}
    assert actions["isolate-instance"] == "withheld"
    target = ("isolate-instance", response.shop.instance)
    assert response.account()[target] == response.before[target]
    assert [page for page in response.pages() if "waits for a person" in page]
