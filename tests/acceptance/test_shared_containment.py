"""Two incidents want the same bucket locked: it is contained once, kept for the second, and given back by the last one."""

import pytest
from demo import account
from operators import Operator, ended

ACTION = "lock-bucket"


@pytest.fixture(scope="module")
def person(aws, tocsin):
    return Operator(aws, tocsin, "operator-shared")


@pytest.fixture(scope="module")
def shared(aws, attack, person):
    """The response of a playbook locked the bucket; then an operator had it locked for a reason of their own."""
    response = attack()
    response.publish()
    response.until_contained()
    applied = person.contain("apply", ACTION, response.shop.bucket, "--reason", "a partner asked for it", "--wait")
    return response, applied["incident"]


def locks(aws, bucket: str) -> int:
    policy = account.of_step(aws, ACTION, bucket)["policy"]
    return sum(statement.get("Sid") == "TocsinLockBucket" for statement in (policy or {}).get("Statement", []))


def record(response, incident: str) -> dict:
    steps = response.records.of_incident(incident, "ACTION")
    return next(step for step in steps if (step["action"], step["target"]) == (ACTION, response.shop.bucket))


def test_second_incident_keeps_what_the_first_found(aws, shared):
    response, second = shared
    assert second != response.incident
    mine, other = record(response, response.incident), record(response, second)
    assert {mine["state"], other["state"]} == {"contained"}
    assert other["before"] == mine["before"]
    assert "TocsinLockBucket" not in other["before"]
    assert locks(aws, response.shop.bucket) == 1


def test_first_lets_go_and_nothing_changes(aws, tocsin, person, shared):
    response, second = shared
    locked = account.of_step(aws, ACTION, response.shop.bucket)
    person.contain("reverse", ACTION, response.shop.bucket, "--incident", response.incident, "--reason", "the shop is clean")
    assert ended(aws, tocsin, response.incident, 1) == ["SUCCEEDED"]
    assert account.of_step(aws, ACTION, response.shop.bucket) == locked
    released = record(response, response.incident)
    assert released["state"] == "released"
    assert second in released["reason"]
    assert (released["reversed_by"]["by"], released["reversed_by"]["reason"]) == (person.arn, "the shop is clean")


def test_last_one_gives_back_what_the_first_found(aws, tocsin, person, shared):
    response, second = shared
    person.contain("reverse", ACTION, response.shop.bucket, "--incident", second, "--reason", "the partner is content")
    assert ended(aws, tocsin, second, 1) == ["SUCCEEDED"]
    assert record(response, second)["state"] == "reversed"
    target = (ACTION, response.shop.bucket)
    assert account.of_step(aws, *target) == response.before[target]
