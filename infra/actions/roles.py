"""What the scripts of actions share that put an inline policy of their own on a role."""

import json

import boto3


def own_policy(iam, role, name):
    try:
        return text_of(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    except iam.exceptions.NoSuchEntityException:
        # IAM says the same of a missing role: asking for the role tells the two apart.
        iam.get_role(RoleName=role)
        return None


def refuse_foreign_role(run, of_aws):
    """AWS lets nobody put an inline policy on roles of these paths (path -> why), and nobody contains Tocsin's own."""
    role = boto3.client("iam").get_role(RoleName=run["target"])["Role"]
    for path, reason in of_aws.items():
        if role["Path"].startswith(path):
            raise ValueError(f"{run['target']} {reason}")
    if run["target"].startswith("Tocsin-"):
        raise ValueError(f"{run['target']} is a role of Tocsin itself")


def restore_own_policy(run, name):
    iam, recorded = boto3.client("iam"), run["before"]["policy"]
    if recorded is not None:
        iam.put_role_policy(RoleName=run["target"], PolicyName=name, PolicyDocument=recorded)
        return
    try:
        iam.delete_role_policy(RoleName=run["target"], PolicyName=name)
    except iam.exceptions.NoSuchEntityException:
        # Gone already: an earlier reversal took it away, or the run stopped before it was put.
        return


def use_of_role(role):
    """When the role was last used, and who may take it on."""
    used = role.get("RoleLastUsed", {})
    when = used["LastUsedDate"].strftime("%Y-%m-%dT%H:%M:%SZ") if "LastUsedDate" in used else None
    trusted = [one.get("Principal") for one in statements_of(role["AssumeRolePolicyDocument"])]
    return [
        f"the role was last used at {when} in {used['Region']}"
        if when
        else "AWS knows of no use of the role in the last 400 days",
        f"the role may be taken on by {json.dumps(trusted)}",
    ]


def functions_with(arn):
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    return sorted(one["FunctionName"] for page in pages for one in page["Functions"] if one["Role"] == arn)
