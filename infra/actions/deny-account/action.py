import boto3
import json
import time

SID = "TocsinDenyAccount"
KIND = "SERVICE_CONTROL_POLICY"
# What AWS Organizations answers while another change to policies is under way.
BUSY = ("ConcurrentModificationException", "PolicyChangesInProgressException")
# The policy's role may change and delete policies with this tag, and no others.
TAG = {"Key": "tocsin:action", "Value": "deny-account"}


def name_of(run):
    return f"{SID}-{run['target']}"


def observe(run):
    organizations = boto3.client("organizations")
    found = policy_of(organizations, run)
    pages = organizations.get_paginator("list_policies_for_target").paginate(TargetId=run["target"], Filter=KIND)
    attached = sorted(one["Name"] for page in pages for one in page["Policies"])
    return {
        "policy": found["content"] if found else None,
        "attached": name_of(run) in attached,
        "others": [name for name in attached if name != name_of(run)],
    }


def policy_of(organizations, run):
    """Id and content of the policy of this account, or None."""
    pages = organizations.get_paginator("list_policies").paginate(Filter=KIND)
    ids = [one["Id"] for page in pages for one in page["Policies"] if one["Name"] == name_of(run)]
    if not ids:
        return None
    return {"id": ids[0], "content": organizations.describe_policy(PolicyId=ids[0])["Policy"]["Content"]}


def refuse(run, before):
    if not any(arn.strip() for arn in run["responder_arns"]):
        raise ValueError("ResponderArns is empty: the policy would shut out the responders themselves")
    organizations = boto3.client("organizations")
    if organizations.describe_organization()["Organization"]["MasterAccountId"] == run["target"]:
        raise ValueError(
            f"{run['target']} is the organization's management account: service control policies don't apply to it"
        )
    enabled = [one for root in organizations.list_roots()["Roots"] for one in root["PolicyTypes"]]
    if not any(one["Type"] == KIND and one["Status"] == "ENABLED" for one in enabled):
        raise ValueError("service control policies are not enabled in the organization")
    if before["policy"] is not None:
        raise touched(run)


def settled(run, state):
    return state["attached"] and state["policy"] == content_for(run)


def content_for(run):
    return text_of({"Version": "2012-10-17", "Statement": [denial(run)]})


def denial(run):
    return {
        "Sid": SID,
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": spared(run)}},
    }


def spared(run):
    """The responders, and Tocsin's own roles in the account: it goes on preserving evidence there, and containing."""
    own = f"arn:{run['role'].split(':')[1]}:iam::{run['target']}:role/Tocsin-*"
    return sorted({*run["responder_arns"], own})


def patiently(change):
    """Organizations makes one change at a time: waits up to a minute for the others."""
    organizations = boto3.client("organizations")
    for attempt in range(20):
        try:
            return change()
        except organizations.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in BUSY or attempt == 19:
                raise
        time.sleep(3)


def create_policy(run):
    organizations, content = boto3.client("organizations"), content_for(run)
    found = policy_of(organizations, run)
    if found is None:
        description = f"Denies everything but to the responders. Made by Tocsin for {run['incident']}."
        unless_done(
            lambda: patiently(
                lambda: organizations.create_policy(
                    Name=name_of(run), Description=description, Type=KIND, Content=content, Tags=[TAG]
                )
            ),
            lambda: policy_of(organizations, run) is not None,
        )
    elif found["content"] != content:
        patiently(lambda: organizations.update_policy(PolicyId=found["id"], Content=content))


def attach_policy(run):
    organizations = boto3.client("organizations")
    found = policy_of(organizations, run)
    if found is None:
        raise ValueError(f"the policy {name_of(run)} is gone: somebody deleted it since this run made it")
    try:
        patiently(lambda: organizations.attach_policy(PolicyId=found["id"], TargetId=run["target"]))
    except organizations.exceptions.DuplicatePolicyAttachmentException:
        # A broken run attached it.
        return


def detach_policy(run):
    organizations = boto3.client("organizations")
    found = policy_of(organizations, run)
    if found is None:
        return
    try:
        patiently(lambda: organizations.detach_policy(PolicyId=found["id"], TargetId=run["target"]))
    except organizations.exceptions.PolicyNotAttachedException:
        # An earlier reversal detached it, or the run stopped before it was attached.
        return


def delete_policy(run):
    organizations = boto3.client("organizations")
    found = policy_of(organizations, run)
    if found is not None:
        unless_done(
            lambda: patiently(lambda: organizations.delete_policy(PolicyId=found["id"])),
            lambda: policy_of(organizations, run) is None,
        )


def calls(run, state):
    made = f"the service control policy {name_of(run)}: denies everything to all but {', '.join(spared(run))}"
    return [
        {"call": "organizations:CreatePolicy", "on": name_of(run), "change": made},
        {"call": "organizations:AttachPolicy", "on": run["target"], "change": f"{name_of(run)} holds for the account"},
    ]


def impact(run, state):
    """What the account is, and who can still act in it."""
    account = boto3.client("organizations").describe_account(AccountId=run["target"])["Account"]
    inside = [arn for arn in run["responder_arns"] if arn.split(":")[4] == run["target"]]
    lines = [f"the account is called {json.dumps(account['Name'])}"]
    lines += [f"{arn} keeps its access" for arn in sorted(inside)]
    if not inside:
        lines.append("none of the responders' roles is in the account: only Tocsin's own can act in it")
    return [
        *lines,
        f"the account has these service control policies already, which stay: {', '.join(state['others']) or 'none'}",
    ]
