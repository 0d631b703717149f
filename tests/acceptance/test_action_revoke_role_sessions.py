"""What holds for the revocation of a role's sessions alone: the time it denies from, and the roles it can't reach."""

import datetime
import json
import sys
import time
import types
import unittest.mock

import pytest
from automation_runs import ACTIONS, INCIDENT
from botocore.exceptions import ClientError
from targets.role import Role

STEP = "DenyOlderSessions"


def revoked_before(run) -> str:
    (statement,) = json.loads(run.output("ObserveContainment.Observation")["policy"])["Statement"]
    return statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"]


def time_of(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Asia/Tokyo"])
def test_revocation_does_not_depend_on_the_time_zone(zone, monkeypatch):
    """Local time with a Z behind it would leave hours of sessions alive, or revoke those of hours to come."""
    steps = ACTIONS["revoke-role-sessions"].document("document")["mainSteps"]
    script = next(step["inputs"]["Script"] for step in steps if step["name"] == STEP)
    iam = unittest.mock.Mock()
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=lambda _service: iam))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        made: dict = {}
        exec(script, made)  # noqa: S102 - it is what is tested
        answer = made["handler"]({"target": "checkout", "incident": INCIDENT, "before": []}, None)
    finally:
        monkeypatch.undo()
        time.tzset()
    put = json.loads(iam.put_role_policy.call_args.kwargs["PolicyDocument"])
    assert put["Statement"][0]["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": answer["revoked_before"]}}
    assert abs(time_of(answer["revoked_before"]) - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(seconds=5)


def test_revocation_is_of_now_in_utc(actions_aws, documents):
    started = datetime.datetime.now(datetime.UTC)
    revoked = time_of(revoked_before(documents.apply(Role(actions_aws))))
    assert started <= revoked <= datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)


def test_second_revocation_is_later_and_both_are_reversed(actions_aws, documents):
    target = Role(actions_aws)
    found = target.everything()
    first = documents.apply(target)
    time.sleep(1)
    second = documents.apply(target)
    assert revoked_before(first) < revoked_before(second)
    assert json.loads(second.before)["policy"] == first.output("ObserveContainment.Observation")["policy"]
    for run in (second, first):
        assert documents.reverse(target, run.before).status == "Success"
    assert target.everything() == found


def test_preview_says_what_works_with_the_role(actions_aws, documents):
    target = Role(actions_aws, in_use=True)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert f"the instance {target.instance} works with the role" in impact
    assert f"the Lambda function {target.function} works with the role" in impact
    assert 'the role may be taken on by [{"Service": "ec2.amazonaws.com"}]' in impact


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/aws-service-role/ops.apigateway.amazonaws.com/", "is a service-linked role"),
        ("/aws-reserved/sso.amazonaws.com/eu-central-1/", "belongs to IAM Identity Center"),
    ],
)
def test_role_of_aws_is_refused_before_any_change(actions_aws, documents, path, reason):
    target = Role(actions_aws, path=path)
    found = target.everything()
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert reason in run.failure
    assert target.everything() == found


def test_role_of_tocsin_and_unknown_role_are_refused(documents):
    for role in ("Tocsin-LockBucket", "nobody"):
        run = documents.run("revoke-role-sessions", "document", role, {})
        assert (run.status, run.steps) == ("Failed", ["RecordBefore"])


def test_path_of_a_role_is_no_name(documents):
    with pytest.raises(ClientError):
        documents.run("revoke-role-sessions", "document", "a/b", {})
