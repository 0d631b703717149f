import boto3
import datetime
import json

REVOCATION = "TocsinRevokeOlderSessions"
# The paths of roles on which AWS lets nobody put an inline policy, and what to do instead.
OF_AWS = {
    "/aws-service-role/": "is a service-linked role, which only its service can use",
    "/aws-reserved/sso.amazonaws.com/": "belongs to IAM Identity Center: lock-identity-user revokes its sessions at the user",
}


def observe(run):
    return {"policy": own_policy(boto3.client("iam"), run["target"], REVOCATION)}


def refuse(run, before):
    refuse_foreign_role(run, OF_AWS)


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
    restore_own_policy(run, REVOCATION)


def calls(run, state):
    change = f"the inline policy {REVOCATION}: denies everything to sessions issued before the moment of the call"
    return [{"call": "iam:PutRolePolicy", "on": run["target"], "change": change}]


def impact(run, state):
    """What works with the role in this region, and who may take it on."""
    iam = boto3.client("iam")
    role = iam.get_role(RoleName=run["target"])["Role"]
    lines = use_of_role(role)
    lines += [f"the instance {name} works with the role" for name in instances_with(iam, run["target"])]
    lines += [f"the Lambda function {name} works with the role" for name in functions_with(role["Arn"])]
    return lines


def instances_with(iam, role):
    pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=role)
    profiles = {profile["Arn"] for page in pages for profile in page["InstanceProfiles"]}
    if not profiles:
        return []
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_iam_instance_profile_associations").paginate()
    found = [one for page in pages for one in page["IamInstanceProfileAssociations"]]
    return sorted(one["InstanceId"] for one in found if one["IamInstanceProfile"]["Arn"] in profiles)
