import boto3

# What IAM answers for a key that belongs to no IAM user of this account.
UNKNOWN = ("NoSuchEntity", "AccessDenied", "ValidationError")


def observe(run):
    """The user that the key belongs to, and the key's status."""
    iam, key = boto3.client("iam"), run["target"]
    try:
        user = iam.get_access_key_last_used(AccessKeyId=key).get("UserName")
        found = keys_of(iam, user) if user else {}
    except iam.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in UNKNOWN:
            raise
        raise not_of_a_user(key) from error
    if key not in found:
        raise not_of_a_user(key)
    return {"user": user, "status": found[key]}


def not_of_a_user(key):
    return ValueError(
        f"{key} belongs to no IAM user of this account that this role can see: it was deleted, or is of another account, or of"
        " the root user, whose keys nobody but the root user can make inactive"
    )


def keys_of(iam, user):
    pages = iam.get_paginator("list_access_keys").paginate(UserName=user)
    return {one["AccessKeyId"]: one["Status"] for page in pages for one in page["AccessKeyMetadata"]}


def settled(run, state):
    return state["status"] == "Inactive"


def deactivate_key(run):
    iam = boto3.client("iam")
    iam.update_access_key(UserName=run["before"]["user"], AccessKeyId=run["target"], Status="Inactive")


def restore_status(run):
    recorded = run["before"]
    iam = boto3.client("iam")
    iam.update_access_key(UserName=recorded["user"], AccessKeyId=run["target"], Status=recorded["status"])


def calls(run, state):
    return [{"call": "iam:UpdateAccessKey", "on": run["target"], "change": f"the key of the user {state['user']} is inactive"}]


def impact(run, state):
    """When and for what the key was last used, and what else the user holds."""
    iam, user = boto3.client("iam"), state["user"]
    used = iam.get_access_key_last_used(AccessKeyId=run["target"])["AccessKeyLastUsed"]
    if "LastUsedDate" in used:
        when = used["LastUsedDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [f"the key was last used at {when} for {used['ServiceName']} in {used['Region']}"]
    else:
        lines = ["AWS knows of no use of the key"]
    others = sorted(key for key, status in keys_of(iam, user).items() if status == "Active" and key != run["target"])
    return lines + [f"the key {key} of the same user stays active" for key in others]
