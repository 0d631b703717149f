"""Where the rule goes, and what other people change in the web ACL meanwhile."""

import json

from targets.limit_rate import EVERYTHING, WebAcl, rule


def test_what_others_change_meanwhile_stays(actions_aws, documents):
    target = WebAcl(actions_aws, rules=[rule("bots", 0)], settings=EVERYTHING, priority=1)
    run = documents.apply(target)
    found = target.waf.get_web_acl(**target.place)
    own = found["WebACL"]["Rules"][-1]
    added = rule("scrapers", 7)
    target.waf.update_web_acl(
        **target.place,
        DefaultAction={"Allow": {}},
        VisibilityConfig=found["WebACL"]["VisibilityConfig"],
        Description="changed by the shop",
        Rules=[added, own],
        LockToken=found["LockToken"],
    )
    ended = documents.reverse(target, run.before)
    assert ended.status == "Success", ended.failure
    assert target.everything()["Rules"] == [added]
    assert target.everything()["Description"] == "changed by the shop"
    assert ended.output("ObserveReversal.Observation") == json.loads(run.before)


def test_stale_lock_token_is_tried_again(actions_aws, documents):
    target = WebAcl(actions_aws)
    found = target.everything()
    documents.break_call("wafv2", "UpdateWebACL", "WAFOptimisticLockException", times=3)
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_other_failures_are_not_tried_again(actions_aws, documents):
    target = WebAcl(actions_aws)
    found = target.everything()
    documents.break_call("wafv2", "UpdateWebACL", "WAFLimitsExceededException")
    assert documents.apply(target).status == "Failed"
    assert target.everything() == found


def test_name_in_both_scopes_is_refused(actions_aws, documents):
    regional = WebAcl(actions_aws)
    WebAcl(actions_aws, scope="CLOUDFRONT", name=regional.id)
    run = documents.apply(regional)
    assert run.status == "Failed"
    assert "2 web ACLs are named" in run.failure


def test_unknown_web_acl_is_refused(actions_aws, documents):
    target = WebAcl(actions_aws)
    target.id = "no-such-acl"
    assert "0 web ACLs are named" in documents.apply(target).failure


def test_rule_of_an_earlier_run_is_not_recorded_as_found(actions_aws, documents):
    target = WebAcl(actions_aws)
    assert documents.apply(target).status == "Success"
    assert "is already contained in whole or in part" in documents.apply(target).failure


def test_preview_names_the_rules_that_let_people_past(actions_aws, documents):
    target = WebAcl(actions_aws, rules=[rule("partners", 0, "Allow"), rule("bots", 1)])
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert impact == ["the rule gets priority 2; 2 rules come before it", "what these rules let in is not limited: partners"]
