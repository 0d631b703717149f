"""A whole response while the APIs throttle it, answer late, cut it off before or after their work, and get its requests twice.

Slower, and nothing lost or done twice. Every fault comes from a seed, so that a run that failed can be had again.
"""

import collections

import pytest

CALLS = ["ssm", "dynamodb", "sns", "s3", "iam", "ec2"]
# Of some thousand calls, so that each kind of fault is met dozens of times.
SHARES = {"throttled": 0.03, "dropped_before": 0.02, "dropped_after": 0.02, "duplicated": 0.03, "delay": 0.03}
SEEDS = (1, 2)


@pytest.fixture(scope="module", params=SEEDS)
def disturbed(request, aws, attack):
    """The response at the gate, after the way there was disturbed."""
    response = attack()
    aws.disturb(CALLS, seed=request.param, **SHARES)
    try:
        response.publish()
        response.until_contained(seconds=180)
        response.until_gate()
        response.disturbances = aws.disturbances()
    finally:
        aws.clear_faults()
    return response


def runs_of(response) -> list[dict]:
    """Every automation of this incident, the reversals too."""
    ssm = response.aws.client("ssm")
    pages = ssm.get_paginator("describe_automation_executions").paginate()
    found = [run["AutomationExecutionId"] for page in pages for run in page["AutomationExecutionMetadataList"]]
    runs = [ssm.get_automation_execution(AutomationExecutionId=run)["AutomationExecution"] for run in found]
    targets = {action["target"] for action in response.of("ACTION")}
    return [run for run in runs if targets & {value for values in run["Parameters"].values() for value in values}]


def test_every_kind_of_fault_was_met(disturbed):
    met = disturbed.disturbances
    assert all(met.get(fault, 0) > 0 for fault in ("throttled", "dropped-before", "dropped-after", "duplicated")), met


def test_response_ends_contained(disturbed):
    assert {action["state"] for action in disturbed.of("ACTION")} == {"contained"}
    assert disturbed.watch.executions()[f"containment {disturbed.incident}"] == "SUCCEEDED"
    assert disturbed.watch.executions()[f"evidence-preservation {disturbed.incident}"] == "SUCCEEDED"


def test_every_document_ran_once_for_its_step(disturbed):
    wanted = {action["automation"] for action in disturbed.of("ACTION")}
    runs = {run["AutomationExecutionId"]: run for run in runs_of(disturbed)}
    assert wanted <= set(runs)
    # The only document beside those of the actions is the one that preserves volumes, each attempt of it once.
    others = [(run["DocumentName"], *run["Parameters"]["Attempt"]) for name, run in runs.items() if name not in wanted]
    assert {document for document, _ in others} == {"Tocsin-SnapshotVolumes"} and len(set(others)) == len(others)
    # An attempt to take snapshots may fail: the next one looks what is there.
    assert {run["AutomationExecutionStatus"] for name, run in runs.items() if name in wanted} == {"Success"}


def reasons_of(response) -> collections.Counter:
    return collections.Counter((page["at_state"], page["reason"]) for page in response.of("PAGE"))


def test_nobody_is_paged_for_what_a_repeat_mends(disturbed):
    assert reasons_of(disturbed) == {}
    assert disturbed.pages() == []


def test_evidence_is_whole_and_sealed(disturbed):
    assert "holds" in disturbed.verify()
    assert {item["progress"]["state"] for item in disturbed.of("EVIDENCE")} == {"done"}
    vault = disturbed.vault()
    assert "manifest.json" in vault
    assert {path for path, versions in vault.items() if path.startswith("evidence/") and len(versions) > 1} == set()


def test_counsel_is_asked_once_for_each_notice(disturbed):
    asked = collections.Counter((review["obligation"], review["version"]) for review in disturbed.records.waiting(disturbed.incident))
    assert asked == {("eu-gdpr-33-1", 1): 1, ("us-ca-ind", 1): 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_page_for_a_failed_step_arrives_and_is_recorded_once(aws, attack, seed):
    """The wire may double the mail itself, as SNS may; the reason is on record once, and no reason is without its mail."""
    response = attack()
    aws.fail_step("Tocsin-LockBucket", "EncryptByDefault", "after")
    aws.disturb(CALLS, seed=seed, **SHARES)
    response.publish()
    actions = {action["action"]: action["state"] for action in response.until_contained(seconds=180)}
    aws.wait_until(response.pages, seconds=60, what="the page")
    assert actions["lock-bucket"] == "reversed"
    reasons = reasons_of(response)
    assert set(reasons.values()) == {1}
    assert len(set(response.pages())) == len(reasons)
    target = ("lock-bucket", response.shop.bucket)
    assert response.account()[target] == response.before[target]


@pytest.mark.parametrize("fault", ["throttled", "dropped-before", "dropped-after", "duplicated"])
def test_fault_at_the_first_request_for_every_change(aws, attack, fault):
    """Not by chance: whatever a function or an automation changes, its first request meets the fault."""
    response = attack()
    aws.disturb(CALLS, first=fault)
    response.publish()
    response.until_contained(seconds=180)
    response.until_gate()
    met = aws.disturbances()[fault]
    aws.clear_faults()
    assert met > 10
    test_response_ends_contained(response)
    test_every_document_ran_once_for_its_step(response)
    test_nobody_is_paged_for_what_a_repeat_mends(response)
    test_evidence_is_whole_and_sealed(response)
    test_counsel_is_asked_once_for_each_notice(response)
