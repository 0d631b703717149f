"""Which secrets can be rotated, and how long a rotation is waited for."""

import json
import sys
import time
import types
import unittest.mock

import pytest
from automation_runs import ACTIONS
from targets.rotate_secret import FUNCTION, Secret

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop-AbCdEf"


def test_secret_without_a_function_is_refused(actions_aws, documents):
    target = Secret(actions_aws, function=None)
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "a person changes the value where it is used" in run.failure
    assert target.everything() == found


def test_secret_marked_for_deletion_is_refused(actions_aws, documents):
    target = Secret(actions_aws)
    target.secrets.delete_secret(SecretId=target.name)
    assert "is marked for deletion" in documents.apply(target).failure


def test_unknown_secret_is_refused(actions_aws, documents):
    target = Secret(actions_aws)
    target.id = "no-such-secret"
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])


def test_no_value_is_read_or_told(actions_aws, documents):
    target = Secret(actions_aws)
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    assert "not-to-be-seen" not in str(run.outputs) + str(documents.preview(target).outputs)
    assert not any("SecretValue" in call["operation"] for call in documents.calls("rotate-secret"))


def test_an_incident_makes_one_version(actions_aws, documents):
    """A repeat that does not know the first run's record asks for the version that is there."""
    target = Secret(actions_aws)
    assert documents.apply(target).status == "Success"
    rotated = target.everything()
    assert documents.apply(target).status == "Success"
    assert target.everything()["versions"].keys() == rotated["versions"].keys()


class Secrets:
    """A Secrets Manager whose function takes its time; `versions` are those of each look, the last for good."""

    meta = types.SimpleNamespace(region_name="eu-central-1")

    class exceptions:  # noqa: N801 - as boto3 has it
        class ResourceNotFoundException(Exception):
            pass

        class InvalidRequestException(Exception):
            pass

    def __init__(self, *versions, refuses=False):
        self.versions, self.refuses, self.rotated = list(versions), refuses, []

    def describe_secret(self, **_request) -> dict:
        versions = self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]
        return {"ARN": ARN, "RotationEnabled": True, "RotationLambdaARN": FUNCTION, "VersionIdsToStages": versions}

    def rotate_secret(self, **request) -> None:
        self.rotated.append(request)
        if self.refuses:
            raise self.exceptions.InvalidRequestException("A previous rotation isn't complete.")


FOUND = {"a": ["AWSCURRENT"]}
STUCK = {"a": ["AWSCURRENT"], "b": ["AWSPENDING"]}
MADE = {"a": ["AWSPREVIOUS"], "b": ["AWSCURRENT", "AWSPENDING"]}


def run_step(monkeypatch, step: str, client: Secrets, versions: dict):
    """The answer of a step, and how long it waited."""
    clock = unittest.mock.Mock(now=0)
    monkeypatch.setattr(time, "sleep", lambda seconds: setattr(clock, "now", clock.now + seconds))
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=lambda _service: client))
    document = ACTIONS["rotate-secret"].document("document")
    script: dict = {}
    exec(next(one["inputs"]["Script"] for one in document["mainSteps"] if one["name"] == step), script)  # noqa: S102 - it is what is tested
    before = json.dumps({"target": "shop-AbCdEf", "arn": ARN, "versions": versions})
    events = {"target": "shop-AbCdEf", "incident": "inc-0", "role": "arn:aws:iam::111122223333:role/r", "before": before}
    return script["handler"](events, None), clock.now


def test_new_version_is_waited_for(monkeypatch):
    assert run_step(monkeypatch, "AwaitRotation", Secrets(FOUND, STUCK, STUCK, MADE), FOUND) == (None, 15)


def test_wait_ends_before_the_step_does(monkeypatch):
    _, waited = run_step(monkeypatch, "AwaitRotation", Secrets(STUCK), FOUND)
    assert waited < 600


@pytest.mark.parametrize(
    ("found", "now", "expected"),
    [(FOUND, FOUND, "none"), (FOUND, STUCK, "under way"), (FOUND, MADE, "done"), (STUCK, STUCK, "none"), (STUCK, MADE, "done")],
)
def test_what_counts_as_a_rotation(monkeypatch, found, now, expected):
    """What was pending when found may have failed long ago."""
    answer, _ = run_step(monkeypatch, "ObserveContainment", Secrets(now), found)
    assert json.loads(answer["observation"])["rotation"] == expected


def test_rotation_that_did_not_end_is_left_to_be_tried_again(monkeypatch):
    client = Secrets(STUCK, refuses=True)
    run_step(monkeypatch, "RequestRotation", client, STUCK)
    assert [request["RotateImmediately"] for request in client.rotated] == [True]


def test_other_refusals_fail_the_step(monkeypatch):
    with pytest.raises(Secrets.exceptions.InvalidRequestException):
        run_step(monkeypatch, "RequestRotation", Secrets(FOUND, refuses=True), FOUND)
