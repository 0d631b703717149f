"""What holds for users of Identity Center alone: two locked in one permission set, a set changed meanwhile, and what is busy or unknown."""

import json
import sys
import time
import types
import unittest.mock

from automation_runs import ACTIONS, INCIDENT
from targets.identity_user import IdentityUser


def second_user(target: IdentityUser, aws) -> IdentityUser:
    """The colleague, as a target of its own: in the same groups, by the same permission sets."""
    other = IdentityUser.__new__(IdentityUser)
    other.__dict__ = {**target.__dict__, "id": target.colleague, "colleague": target.id}
    return other


def sids(target: IdentityUser) -> list[str]:
    return [one["Sid"] for one in json.loads(target.inline(target.sets[0]))["Statement"]]


def test_two_users_are_locked_in_one_permission_set_and_given_back_one_by_one(actions_aws, documents):
    first = IdentityUser(actions_aws, groups=1)
    second = second_user(first, actions_aws)
    found = first.inline(first.sets[0])
    runs = {target: documents.apply(target) for target in (first, second)}
    own = {target: f"TocsinLock{target.id.replace('-', '')}" for target in runs}
    assert sids(first) == ["Shop", own[first], own[second]]
    assert documents.reverse(first, runs[first].before).status == "Success"
    assert sids(first) == ["Shop", own[second]]
    assert documents.reverse(second, runs[second].before).status == "Success"
    assert json.loads(first.inline(first.sets[0]))["Statement"] in (json.loads(found)["Statement"], [json.loads(found)["Statement"]])


def test_what_others_changed_in_the_set_meanwhile_stays(actions_aws, documents):
    target = IdentityUser(actions_aws, groups=1)
    before = documents.apply(target).before
    policy = json.loads(target.inline(target.sets[0]))
    policy["Statement"].append({"Sid": "Later", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"})
    target.sso.put_inline_policy_to_permission_set(
        InstanceArn=target.instance, PermissionSetArn=target.sets[0], InlinePolicy=json.dumps(policy)
    )
    assert documents.reverse(target, before).status == "Success"
    assert sids(target) == ["Shop", "Later"]


def test_locked_user_is_not_recorded_as_found(actions_aws, documents):
    target = IdentityUser(actions_aws, assigned=True)
    documents.break_step("lock-identity-user", "DenyInPermissionSets")
    documents.apply(target)
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "pass the before-state that the first run recorded as Before" in run.failure


def test_it_waits_while_a_permission_set_is_busy(actions_aws, documents):
    target = IdentityUser(actions_aws, groups=1)
    found = target.everything()
    documents.break_call("sso", "PutInlinePolicyToPermissionSet", "ConflictException")
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_unknown_user_is_refused(documents):
    run = documents.run("lock-identity-user", "document", "01234567-89ab-cdef-0123-456789abcdef", {})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "no identity store that this account may read here has the user" in run.failure


def test_preview_says_where_the_user_gets_in(actions_aws, documents):
    target = IdentityUser(actions_aws, groups=1, assigned=True)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert len(impact) == 3
    assert sum("by an assignment of its own" in line for line in impact) == 2
    assert sum("by the group merchants-" in line for line in impact) == 1


class BusySet:
    """A permission set into which another run puts what it read earlier, right after the first policy put."""

    def __init__(self):
        self.policy, self.put = "", 0

    def get_inline_policy_for_permission_set(self, **_request) -> dict:
        return {"InlinePolicy": self.policy}

    def put_inline_policy_to_permission_set(self, InlinePolicy: str, **_request) -> None:  # noqa: N803 - a name of AWS's
        self.put += 1
        self.policy = "" if self.put == 1 else InlinePolicy

    def get_paginator(self, _operation: str):
        return unittest.mock.Mock(paginate=lambda **_request: [{"AccountIds": []}])


def test_denial_that_another_run_overwrote_is_put_again(monkeypatch):
    user, busy = "01234567-89ab-cdef-0123-456789abcdef", BusySet()
    busy.exceptions = types.SimpleNamespace(ConflictException=RuntimeError)
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=lambda _service: busy))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    steps = ACTIONS["lock-identity-user"].document("document")["mainSteps"]
    script = next(step["inputs"]["Script"] for step in steps if step["name"] == "DenyInPermissionSets")
    before = {"target": user, "instance": "arn:aws:sso:::instance/ssoins-1", "store": "d-1", "permission_sets": {"ps-1": {"policy": None}}}
    made: dict = {}
    exec(script, made)  # noqa: S102 - it is what is tested
    made["handler"]({"target": user, "incident": INCIDENT, "before": json.dumps(before)}, None)
    assert busy.put == 2
    assert [one["Sid"] for one in json.loads(busy.policy)["Statement"]] == [f"TocsinLock{user.replace('-', '')}"]
