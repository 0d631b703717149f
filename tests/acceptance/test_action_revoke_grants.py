"""What holds for grants alone: what the preview says of them, and a reversal that can't give every one back."""

import json

from targets.key import GRANTS, PARTNER, ROLE, Key


def test_preview_names_who_loses_what(actions_aws, documents):
    impact = documents.preview(Key(actions_aws, **Key.kinds["every grantee"])).output("PreviewContainment.Impact")
    assert 'the key is described as "orders" and is Enabled' in impact
    assert f"{PARTNER} can no longer do Decrypt, DescribeKey by the grant partner" in impact
    assert f"{ROLE} can no longer do Encrypt" in impact
    assert "3 grants of AWS services stay" in impact


def test_grant_of_a_deleted_principal_does_not_keep_the_others_from_coming_back(actions_aws, documents):
    target = Key(actions_aws, grants=GRANTS)
    run = documents.apply(target)
    documents.break_call("kms", "CreateGrant", "InvalidArnException")
    broken = documents.reverse(target, run.before)
    assert broken.status == "Failed"
    assert "these grants can't be made again" in broken.failure
    assert len(target.everything()["grants"]) == len(GRANTS) - 1
    assert documents.reverse(target, run.before).status == "Success"


def test_reversal_goes_by_the_scope_of_the_first_run(actions_aws, documents):
    target = Key(actions_aws, grants=GRANTS, grantees=[PARTNER])
    before = documents.apply(target).before
    target.grantees = [ROLE]
    again = documents.apply(target, before)
    assert again.output("ObserveContainment.Observation") == {"target": target.id, "scope": [PARTNER], "grants": []}
    assert [one["GranteePrincipal"] for one in json.loads(before)["grants"]] == [PARTNER]
    assert {one["GranteePrincipal"] for one in target.everything()["grants"]} == {ROLE}


def test_unknown_key_is_refused(documents):
    run = documents.run("revoke-grants", "document", "01234567-89ab-cdef-0123-456789abcdef", {})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
