"""What holds for the lock of a user alone: it is not recorded as found, its password stays, and the preview says who it is."""

from targets.user import User


def test_locked_user_is_not_recorded_as_found(actions_aws, documents):
    target = User(actions_aws, full=True)
    documents.break_step("lock-user", "DenyEverything")
    documents.apply(target)
    half = target.everything()
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "pass the before-state that the first run recorded as Before" in run.failure
    assert target.everything() == half


def test_credential_that_was_deleted_meanwhile_is_shown_as_missing(actions_aws, documents):
    target = User(actions_aws, full=True)
    run = documents.apply(target)
    (key, *_) = (name for name, one in target.everything()["access_keys"].items())
    target.iam.delete_access_key(UserName=target.id, AccessKeyId=key)
    reversal = documents.reverse(target, run.before)
    assert reversal.status == "Success", reversal.failure
    assert key not in reversal.output("ObserveReversal.Observation")["access_keys"]
    assert "TocsinLockUser" not in target.everything()["policies"]


def test_preview_says_who_the_user_is(actions_aws, documents):
    target = User(actions_aws, full=True)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert f"the user is in the group {target.group}" in impact
    assert "the user signs in to the console with a password, never used as far as AWS knows, and 0 MFA devices" in impact


def test_unknown_user_is_refused(documents):
    run = documents.run("lock-user", "document", "nobody", {})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
