import boto3


def account_of(run):
    pool, _, name = run["target"].partition("/")
    return {"UserPoolId": pool, "Username": name}


def observe(run):
    # The answer holds name and address of a person: nothing of it is kept but this.
    return {"enabled": boto3.client("cognito-idp").admin_get_user(**account_of(run))["Enabled"]}


def settled(run, state):
    return not state["enabled"]


def disable_user(run):
    boto3.client("cognito-idp").admin_disable_user(**account_of(run))


def sign_out_everywhere(run):
    # After the account is disabled: before, the intruder could sign in again in between.
    boto3.client("cognito-idp").admin_user_global_sign_out(**account_of(run))


def restore_user(run):
    if run["before"]["enabled"]:
        boto3.client("cognito-idp").admin_enable_user(**account_of(run))


def calls(run, state):
    found = "" if state["enabled"] else " (it is disabled already)"
    return [
        {"call": "cognito-idp:AdminDisableUser", "on": run["target"], "change": f"nobody can sign in to the account{found}"},
        {"call": "cognito-idp:AdminUserGlobalSignOut", "on": run["target"], "change": "its tokens are revoked on every device"},
    ]


def impact(run, state):
    cognito = boto3.client("cognito-idp")
    status = cognito.admin_get_user(**account_of(run))["UserStatus"]
    groups = [one["GroupName"] for one in cognito.admin_list_groups_for_user(**account_of(run))["Groups"]]
    found = [f"the account's status is {status}"]
    if status == "EXTERNAL_PROVIDER":
        found.append("it is signed in to by another identity provider: the account there stays as it is")
    if groups:
        found.append(f"it is in the groups {', '.join(groups)}")
    return found
