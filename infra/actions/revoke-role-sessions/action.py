import boto3
import datetime
import json

REVOCATION = "TocsinRevokeOlderSessions"
# The paths of roles on which AWS lets nobody put an inline policy, and what to do instead.
OF_AWS = {
    "/aws-service-role/": "is a service-linked role, which only its service can use",
    "/aws-reserved/sso.amazonaws.com/": "belongs to IAM Identity Center: lock-identity-user revokes its sessions at the user",
}


def policy_of(iam, role):
    try:
        return iam.get_role_policy(RoleName=role, PolicyName=REVOCATION)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        # IAM says the same of a missing role: asking for the role tells the two apart.
        iam.get_role(RoleName=role)
        return None


def observe(run):
    policy = policy_of(boto3.client("iam"), run["target"])
    return {"policy": None if policy is None else text_of(policy)}


def refuse(run, before):
    role = boto3.client("iam").get_role(RoleName=run["target"])["Role"]
    for path, reason in OF_AWS.items():
        if role["Path"].startswith(path):
            raise ValueError(f"{run['target']} {reason}")
    if run["target"].startswith("Tocsin-"):
        raise ValueError(f"{run['target']} is a role of Tocsin itself")


def settled(run, state):
    return revocation_time(state["policy"]) == run["revoked_before"]


def revocation_time(policy):
    # Taken from what IAM answers, never from what was sent.
    statements = json.loads(policy or "{}").get("Statement", [])
    statement = statements[0] if isinstance(statements, list) and statements else statements or {}
    return statement.get("Condition", {}).get("DateLessThan", {}).get("aws:TokenIssueTime")


def deny_older_sessions(run):
    # UTC, and said so: local time with a Z behind it would leave hours of sessions alive. IAM compares whole seconds, so the
    # next one is taken: a session that was issued in this second is denied as well.
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    revoked_before = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    statement = {
        "Sid": REVOCATION,
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": revoked_before}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("iam").put_role_policy(RoleName=run["target"], PolicyName=REVOCATION, PolicyDocument=policy)
    return {"revoked_before": revoked_before}


def restore_policy(run):
    iam, recorded = boto3.client("iam"), run["before"]["policy"]
    if recorded is not None:
        iam.put_role_policy(RoleName=run["target"], PolicyName=REVOCATION, PolicyDocument=recorded)
        return
    try:
        iam.delete_role_policy(RoleName=run["target"], PolicyName=REVOCATION)
    except iam.exceptions.NoSuchEntityException:
        # Gone already: an earlier reversal took it away, or the revocation stopped before it was put.
        return


def calls(run, state):
    change = f"the inline policy {REVOCATION}: denies everything to sessions issued before the moment of the call"
    return [{"call": "iam:PutRolePolicy", "on": run["target"], "change": change}]


def impact(run, state):
    """What works with the role in this region, and who may take it on."""
    iam = boto3.client("iam")
    role = iam.get_role(RoleName=run["target"])["Role"]
    used = role.get("RoleLastUsed", {})
    when = used["LastUsedDate"].strftime("%Y-%m-%dT%H:%M:%SZ") if "LastUsedDate" in used else None
    trusted = json.dumps([one.get("Principal") for one in statements_of(role["AssumeRolePolicyDocument"])])
    lines = [
        f"the role was last used at {when} in {used['Region']}"
        if when
        else "AWS knows of no use of the role in the last 400 days"
    ]
    lines.append(f"the role may be taken on by {trusted}")
    lines += [f"the instance {name} works with the role" for name in instances_with(iam, run["target"])]
    lines += [f"the Lambda function {name} works with the role" for name in functions_with(role["Arn"])]
    return lines


def statements_of(policy):
    # A policy with one statement may hold it without a list.
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def instances_with(iam, role):
    pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=role)
    profiles = {profile["Arn"] for page in pages for profile in page["InstanceProfiles"]}
    if not profiles:
        return []
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_iam_instance_profile_associations").paginate()
    found = [one for page in pages for one in page["IamInstanceProfileAssociations"]]
    return sorted(one["InstanceId"] for one in found if one["IamInstanceProfile"]["Arn"] in profiles)


def functions_with(arn):
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    return sorted(one["FunctionName"] for page in pages for one in page["Functions"] if one["Role"] == arn)
