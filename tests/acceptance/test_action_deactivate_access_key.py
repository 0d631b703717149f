"""What holds for access keys alone: whose keys can't be reached, and what the preview says of the others."""

import pytest
from botocore.exceptions import ClientError
from targets.access_key import AccessKey


def test_key_of_the_root_user_and_unknown_key_are_refused_before_any_change(actions_aws, documents):
    # The local AWS gives a key that is made without a user name to nobody, as a stand-in for one of the root user.
    root = actions_aws.client("iam").create_access_key()["AccessKey"]["AccessKeyId"]
    for key in (root, "AKIA0123456789ABCDEF"):
        for kind in ("document", "preview"):
            run = documents.run("deactivate-access-key", kind, key, {})
            assert run.status == "Failed"
            assert len(run.steps) == 1
            assert "belongs to no IAM user of this account" in run.failure


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError"])
def test_key_that_aws_says_nothing_of_is_refused(actions_aws, documents, code):
    target = AccessKey(actions_aws)
    documents.break_call("iam", "GetAccessKeyLastUsed", code)
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "belongs to no IAM user of this account" in run.failure


def test_preview_names_the_other_key(actions_aws, documents):
    target = AccessKey(actions_aws)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert impact == ["AWS knows of no use of the key", f"the key {target.other} of the same user stays active"]


def test_key_of_a_session_is_refused_at_the_door(documents):
    with pytest.raises(ClientError):
        documents.run("deactivate-access-key", "document", "ASIA0123456789ABCDEF", {})
