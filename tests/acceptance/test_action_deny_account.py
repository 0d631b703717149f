"""What holds for the denial of a whole account alone: which account it refuses, and that it waits for the organization."""

import json

from targets.account import Account, organization


def test_management_account_is_refused_before_any_change(actions_aws, documents):
    client = actions_aws.client("organizations")
    organization(client)
    run = documents.run("deny-account", "document", actions_aws.account, {"ResponderArns": Account(actions_aws).responders})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "is the organization's management account" in run.failure


def test_without_responders_it_is_refused_before_any_change(actions_aws, documents):
    target = Account(actions_aws, responders=())
    found = target.everything()
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "ResponderArns is empty" in run.failure
    assert target.everything() == found


def test_account_outside_the_organization_is_refused(actions_aws, documents):
    organization(actions_aws.client("organizations"))
    run = documents.run("deny-account", "document", "000000000000", {"ResponderArns": Account(actions_aws).responders})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])


def test_denied_account_is_not_recorded_as_found(actions_aws, documents):
    target = Account(actions_aws)
    documents.break_step("deny-account", "CreatePolicy")
    documents.apply(target)
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "pass the before-state that the first run recorded as Before" in run.failure


def test_repeat_with_other_responders_brings_the_policy_up_to_date(actions_aws, documents):
    target = Account(actions_aws)
    found = target.everything()
    before = documents.apply(target).before
    target.responders = [f"arn:aws:iam::{target.id}:role/break-glass"]
    again = documents.apply(target, before)
    assert again.status == "Success", again.failure
    target.assert_contained(found, again.output("ObserveContainment.Observation"))
    assert documents.reverse(target, before).status == "Success"
    assert target.everything() == found


def test_it_waits_while_the_organization_is_busy(actions_aws, documents):
    target = Account(actions_aws)
    found = target.everything()
    documents.break_call("organizations", "AttachPolicy", "ConcurrentModificationException")
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_preview_says_who_can_still_act(actions_aws, documents):
    target = Account(actions_aws, own=True)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert f"the account is called {json.dumps(target.name)}" in impact
    assert "none of the responders' roles is in the account: only Tocsin's own can act in it" in impact
    inside = f"arn:aws:iam::{target.id}:role/break-glass"
    target.responders = [inside]
    assert f"{inside} keeps its access" in documents.preview(target).output("PreviewContainment.Impact")
