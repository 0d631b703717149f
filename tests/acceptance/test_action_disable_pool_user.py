"""What a customer's account can do before, during and after."""

import time

import pytest
from botocore.exceptions import ClientError
from targets.disable_pool_user import PoolUser


def refused(call, *arguments, **parameters) -> str:
    with pytest.raises(ClientError) as refusal:
        call(*arguments, **parameters)
    return refusal.value.response["Error"]["Code"]


def test_neither_signed_in_nor_refreshed(actions_aws, documents):
    target = PoolUser(actions_aws)
    token = target.sign_in()["RefreshToken"]
    # The local AWS compares whole seconds.
    time.sleep(1.1)
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    assert refused(target.sign_in) == "NotAuthorizedException"
    assert refused(target.authenticate, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token) == "NotAuthorizedException"
    assert documents.reverse(target, run.before).status == "Success"
    assert target.sign_in()["AccessToken"]
    # Sessions from before do not come back.
    assert refused(target.authenticate, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token) == "NotAuthorizedException"


def test_nothing_personal_is_recorded(actions_aws, documents):
    target = PoolUser(actions_aws)
    target.cognito.admin_update_user_attributes(**target.who, UserAttributes=[{"Name": "given_name", "Value": "Lovelace"}])
    run = documents.apply(target)
    assert "Lovelace" not in str(run.outputs) + str(documents.preview(target).outputs)


def test_unknown_account_is_refused(actions_aws, documents):
    target = PoolUser(actions_aws)
    target.id = f"{target.pool}/nobody"
    run = documents.apply(target)
    assert run.status == "Failed"
    assert run.steps == ["RecordBefore"]
