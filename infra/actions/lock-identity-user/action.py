import boto3
import json
import time

EVERYWHERE = "ALL_PROVISIONED_ACCOUNTS"


def observe(run):
    """Groups, own assignments, and the inline policies of all permission sets that reach the user, or did at first."""
    sso = boto3.client("sso-admin")
    identitystore = boto3.client("identitystore")
    found = instance_of(sso, identitystore, run["target"])
    groups = sorted(memberships_of(identitystore, found, run["target"]))
    reached = assignments_of(sso, found, run["target"], groups)
    names = run["before"]["permission_sets"] if run["before"] else {one["permission_set"] for one in reached}
    return {
        **found,
        "groups": groups,
        "assignments": [without_principal(one) for one in reached if one["principal"] == run["target"]],
        "permission_sets": {name: inline_of(sso, found, name, run["target"]) for name in sorted(names)},
    }


def instance_of(sso, identitystore, user):
    """The instance of Identity Center, and its identity store, that has the user."""
    for page in sso.get_paginator("list_instances").paginate():
        for one in page["Instances"]:
            try:
                identitystore.describe_user(IdentityStoreId=one["IdentityStoreId"], UserId=user)
            except identitystore.exceptions.ResourceNotFoundException:
                continue
            return {"instance": one["InstanceArn"], "store": one["IdentityStoreId"]}
    raise ValueError(
        f"no identity store that this account may read here has the user {user}: run it in the region of Identity Center"
    )


def memberships_of(identitystore, found, user):
    """group -> membership."""
    pages = identitystore.get_paginator("list_group_memberships_for_member").paginate(
        IdentityStoreId=found["store"], MemberId={"UserId": user}
    )
    return {one["GroupId"]: one["MembershipId"] for page in pages for one in page["GroupMemberships"]}


def assignments_of(sso, found, user, groups):
    """Every way into an account: by the user's own assignments and by those of its groups."""
    reached = []
    for principal, kind in [(user, "USER"), *((group, "GROUP") for group in groups)]:
        pages = sso.get_paginator("list_account_assignments_for_principal").paginate(
            InstanceArn=found["instance"], PrincipalId=principal, PrincipalType=kind
        )
        for one in (one for page in pages for one in page["AccountAssignments"]):
            name = one["PermissionSetArn"].split("/")[-1]
            way = {"account": one["AccountId"], "permission_set": name, "principal": one["PrincipalId"]}
            # Asked for a user, AWS may answer with the ways by its groups too.
            if way not in reached:
                reached.append(way)
    return sorted(reached, key=text_of)


def without_principal(one):
    return {"account": one["account"], "permission_set": one["permission_set"]}


def arn_of(found, name):
    """The ARN of a permission set, by the name it has in the state."""
    return f"{found['instance'].split(':instance/')[0]}:permissionSet/{found['instance'].split('/')[-1]}/{name}"


def inline_of(sso, found, name, user):
    """The inline policy of a permission set, and what of it denies this user everything."""
    answer = sso.get_inline_policy_for_permission_set(InstanceArn=found["instance"], PermissionSetArn=arn_of(found, name))
    policy = answer.get("InlinePolicy") or None
    own = [one for one in statements_of(policy) if one == denial(user)]
    return {"policy": policy, "locks": {"Statement": own}}


def statements_of(policy):
    # A policy with one statement may hold it without a list.
    statements = json.loads(policy or "{}").get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def sid_of(user):
    # A set may deny several users: each has a statement of its own.
    return f"TocsinLock{user.replace('-', '')}"


def denial(user):
    return {
        "Sid": sid_of(user),
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"identitystore:UserId": [user]}},
    }


def refuse(run, before):
    if any(sid_of(run["target"]) in (one["policy"] or "") for one in before["permission_sets"].values()):
        raise touched(run)


def settled(run, state):
    locked = all(one["locks"]["Statement"] for one in state["permission_sets"].values())
    return locked and not state["groups"] and not state["assignments"]


def patiently(sso, change):
    """Identity Center makes one change to a permission set at a time: waits up to a minute for the others."""
    for attempt in range(15):
        try:
            return change()
        except sso.exceptions.ConflictException:
            pause(attempt)
    return change()


def pause(attempt):
    # Short at first, then every five seconds.
    time.sleep(min(5, 0.2 * 2**attempt))


def finished(read, what):
    """Identity Center works on after it has answered: waits up to four minutes."""
    for attempt in range(50):
        status = read()
        if status["Status"] != "IN_PROGRESS":
            break
        pause(attempt)
    if status["Status"] != "SUCCEEDED":
        raise RuntimeError(f"{what}: {status.get('FailureReason', 'still under way')}")


def remove_memberships(run):
    identitystore = boto3.client("identitystore")
    store = run["before"]["store"]
    for membership in memberships_of(identitystore, run["before"], run["target"]).values():
        try:
            identitystore.delete_group_membership(IdentityStoreId=store, MembershipId=membership)
        except identitystore.exceptions.ResourceNotFoundException:
            # Somebody else took the user out since the list was made.
            continue


def deny_in_permission_sets(run):
    sso = boto3.client("sso-admin")
    found, user = run["before"], run["target"]
    wanted = list(found["permission_sets"])
    # A run for another user may put back a policy that it read before this one put its own: look again afterwards.
    for _ in range(3):
        for name in wanted:
            put_denial(sso, found, name, user)
        provision(sso, found)
        wanted = [name for name in wanted if not inline_of(sso, found, name, user)["locks"]["Statement"]]
        if not wanted:
            return


def put_denial(sso, found, name, user):
    policy = inline_of(sso, found, name, user)["policy"]
    # Putting a policy replaces it whole, so the statements found go back in as they are.
    others = [one for one in statements_of(policy) if one.get("Sid") != sid_of(user)]
    merged = json.dumps({**json.loads(policy or '{"Version": "2012-10-17"}'), "Statement": [*others, denial(user)]})
    put_inline(sso, found, name, merged)


def put_inline(sso, found, name, policy):
    instance, arn = found["instance"], arn_of(found, name)
    patiently(
        sso, lambda: sso.put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=arn, InlinePolicy=policy)
    )


def provision(sso, found):
    """Brings each permission set to the roles that AWS keeps for it, in every account that has one."""
    instance, started = found["instance"], {}
    for name in found["permission_sets"]:
        arn = arn_of(found, name)
        if accounts_of(sso, instance, arn):
            answer = patiently(
                sso,
                lambda arn=arn: sso.provision_permission_set(InstanceArn=instance, PermissionSetArn=arn, TargetType=EVERYWHERE),
            )
            started[name] = answer["PermissionSetProvisioningStatus"]["RequestId"]
    for name, request in started.items():
        finished(
            lambda request=request: sso.describe_permission_set_provisioning_status(
                InstanceArn=instance, ProvisionPermissionSetRequestId=request
            )["PermissionSetProvisioningStatus"],
            f"the permission set {name} was not provisioned",
        )


def accounts_of(sso, instance, arn):
    pages = sso.get_paginator("list_accounts_for_provisioned_permission_set").paginate(
        InstanceArn=instance, PermissionSetArn=arn
    )
    return [account for page in pages for account in page["AccountIds"]]


def own_assignments(sso, found, user):
    return [without_principal(one) for one in assignments_of(sso, found, user, []) if one["principal"] == user]


def assignment(found, user, one):
    """An assignment of the user, as the calls that make and remove it name it."""
    return {
        "InstanceArn": found["instance"],
        "TargetId": one["account"],
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": arn_of(found, one["permission_set"]),
        "PrincipalType": "USER",
        "PrincipalId": user,
    }


def remove_assignments(run):
    sso = boto3.client("sso-admin")
    found, started = run["before"], {}
    for one in own_assignments(sso, found, run["target"]):
        named = assignment(found, run["target"], one)
        try:
            answer = patiently(sso, lambda named=named: sso.delete_account_assignment(**named))
        except sso.exceptions.ResourceNotFoundException:
            # Removed by a request whose answer was lost, or by somebody else.
            continue
        started[text_of(one)] = answer["AccountAssignmentDeletionStatus"]["RequestId"]
    for one, request in started.items():
        finished(
            lambda request=request: sso.describe_account_assignment_deletion_status(
                InstanceArn=found["instance"], AccountAssignmentDeletionRequestId=request
            )["AccountAssignmentDeletionStatus"],
            f"the assignment {one} was not removed",
        )


def lift_denies(run):
    sso = boto3.client("sso-admin")
    found, user = run["before"], run["target"]
    for name, recorded in found["permission_sets"].items():
        policy = inline_of(sso, found, name, user)["policy"]
        others = [one for one in statements_of(policy) if one.get("Sid") != sid_of(user)]
        if len(others) == len(statements_of(policy)):
            # Not there: an earlier reversal took it out, or the run stopped before it was put.
            continue
        if others == statements_of(recorded["policy"]):
            restore_inline(sso, found, name, recorded["policy"])
        else:
            # Somebody changed the policy since, or another user is denied in it: only what is this user's goes.
            restore_inline(sso, found, name, json.dumps({**json.loads(policy), "Statement": others}) if others else None)
    provision(sso, found)


def restore_inline(sso, found, name, policy):
    if policy is not None:
        put_inline(sso, found, name, policy)
        return
    instance, arn = found["instance"], arn_of(found, name)
    unless_done(
        lambda: patiently(
            sso, lambda: sso.delete_inline_policy_from_permission_set(InstanceArn=instance, PermissionSetArn=arn)
        ),
        lambda: inline_of(sso, found, name, "")["policy"] is None,
    )


def restore_assignments(run):
    sso = boto3.client("sso-admin")
    found, started = run["before"], {}
    present = own_assignments(sso, found, run["target"])
    for one in found["assignments"]:
        if one in present:
            continue
        named = assignment(found, run["target"], one)
        answer = patiently(sso, lambda named=named: sso.create_account_assignment(**named))
        started[text_of(one)] = answer["AccountAssignmentCreationStatus"]["RequestId"]
    for one, request in started.items():
        finished(
            lambda request=request: sso.describe_account_assignment_creation_status(
                InstanceArn=found["instance"], AccountAssignmentCreationRequestId=request
            )["AccountAssignmentCreationStatus"],
            f"the assignment {one} was not made again",
        )


def restore_memberships(run):
    identitystore = boto3.client("identitystore")
    found, member = run["before"], {"UserId": run["target"]}
    present = memberships_of(identitystore, found, run["target"])
    for group in found["groups"]:
        if group not in present:
            try:
                identitystore.create_group_membership(IdentityStoreId=found["store"], GroupId=group, MemberId=member)
            except identitystore.exceptions.ConflictException:
                # Made by a request whose answer was lost, or by somebody else.
                continue


def calls(run, state):
    sso = boto3.client("sso-admin")
    user = run["target"]
    planned = [
        {"call": "identitystore:DeleteGroupMembership", "on": group, "change": f"the user {user} is no longer in the group"}
        for group in state["groups"]
    ]
    for name in state["permission_sets"]:
        change = f"adds the statement {sid_of(user)} to the inline policy: denies everything to the user {user}"
        planned.append({"call": "sso-admin:PutInlinePolicyToPermissionSet", "on": name, "change": change})
        accounts = accounts_of(sso, state["instance"], arn_of(state, name))
        if accounts:
            change = f"brings the inline policy to the accounts {', '.join(sorted(accounts))}"
            planned.append({"call": "sso-admin:ProvisionPermissionSet", "on": name, "change": change})
    for one in state["assignments"]:
        change = f"the user {user} has no longer the permission set {one['permission_set']} in the account"
        planned.append({"call": "sso-admin:DeleteAccountAssignment", "on": one["account"], "change": change})
    return planned


def impact(run, state):
    """Which accounts the user can enter, as what, and by which group."""
    sso = boto3.client("sso-admin")
    identitystore = boto3.client("identitystore")
    names = {}
    for name in state["permission_sets"]:
        described = sso.describe_permission_set(InstanceArn=state["instance"], PermissionSetArn=arn_of(state, name))
        names[name] = described["PermissionSet"]["Name"]
    groups = {}
    for group in state["groups"]:
        described = identitystore.describe_group(IdentityStoreId=state["store"], GroupId=group)
        groups[group] = described.get("DisplayName", group)
    lines = []
    for one in assignments_of(sso, state, run["target"], state["groups"]):
        by = f"by the group {groups[one['principal']]}" if one["principal"] in groups else "by an assignment of its own"
        lines.append(
            f"the user can enter the account {one['account']} with the permission set {names[one['permission_set']]}, {by}"
        )
    return lines or ["the user can enter no account"]
