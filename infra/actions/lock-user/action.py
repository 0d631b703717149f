import boto3
import json

LOCK = "TocsinLockUser"


def observe(run):
    iam, user = boto3.client("iam"), run["target"]
    return {"policy": policy_of(iam, user), **credentials_of(iam, user)}


def credentials_of(iam, user):
    return {
        "access_keys": access_keys_of(iam, user),
        "service_credentials": service_credentials_of(iam, user),
        "signing_certificates": signing_certificates_of(iam, user),
        "ssh_keys": ssh_keys_of(iam, user),
    }


def policy_of(iam, user):
    try:
        return text_of(iam.get_user_policy(UserName=user, PolicyName=LOCK)["PolicyDocument"])
    except iam.exceptions.NoSuchEntityException:
        # IAM says the same of a missing user: asking for the user tells the two apart.
        iam.get_user(UserName=user)
        return None


def access_keys_of(iam, user):
    pages = iam.get_paginator("list_access_keys").paginate(UserName=user)
    return {one["AccessKeyId"]: one["Status"] for page in pages for one in page["AccessKeyMetadata"]}


def service_credentials_of(iam, user):
    """IAM has no paginator for this list."""
    found, more = {}, {}
    while True:
        page = iam.list_service_specific_credentials(UserName=user, **more)
        found.update({one["ServiceSpecificCredentialId"]: one["Status"] for one in page["ServiceSpecificCredentials"]})
        if not page.get("IsTruncated"):
            return found
        more = {"Marker": page["Marker"]}


def signing_certificates_of(iam, user):
    pages = iam.get_paginator("list_signing_certificates").paginate(UserName=user)
    return {one["CertificateId"]: one["Status"] for page in pages for one in page["Certificates"]}


def ssh_keys_of(iam, user):
    pages = iam.get_paginator("list_ssh_public_keys").paginate(UserName=user)
    return {one["SSHPublicKeyId"]: one["Status"] for page in pages for one in page["SSHPublicKeys"]}


def refuse(run, before):
    if before["policy"] is not None:
        raise touched(run)


def settled(run, state):
    return LOCK in (state["policy"] or "") and not any(
        active(state, kind) for kind in state if kind not in ("target", "policy")
    )


def active(state, kind):
    # An expired credential stays so: it works no more, and IAM would not give that status back.
    return sorted(name for name, status in state[kind].items() if status == "Active")


def deny_everything(run):
    statement = {"Sid": LOCK, "Effect": "Deny", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("iam").put_user_policy(UserName=run["target"], PolicyName=LOCK, PolicyDocument=policy)


def deactivate_credentials(run):
    iam, user = boto3.client("iam"), run["target"]
    found = credentials_of(iam, user)
    switch(iam, user, {kind: dict.fromkeys(active(found, kind), "Inactive") for kind in found})


def switch(iam, user, wanted):
    for name, status in wanted["access_keys"].items():
        iam.update_access_key(UserName=user, AccessKeyId=name, Status=status)
    for name, status in wanted["service_credentials"].items():
        iam.update_service_specific_credential(UserName=user, ServiceSpecificCredentialId=name, Status=status)
    for name, status in wanted["signing_certificates"].items():
        iam.update_signing_certificate(UserName=user, CertificateId=name, Status=status)
    for name, status in wanted["ssh_keys"].items():
        iam.update_ssh_public_key(UserName=user, SSHPublicKeyId=name, Status=status)


def restore_statuses(run):
    iam, user = boto3.client("iam"), run["target"]
    now = credentials_of(iam, user)
    # One that is gone or has run out since can't be given back: the observation shows it.
    recorded = {
        kind: [name for name in active(run["before"], kind) if found.get(name) == "Inactive"] for kind, found in now.items()
    }
    switch(iam, user, {kind: dict.fromkeys(names, "Active") for kind, names in recorded.items()})


def restore_policy(run):
    iam, recorded = boto3.client("iam"), run["before"]["policy"]
    if recorded is not None:
        iam.put_user_policy(UserName=run["target"], PolicyName=LOCK, PolicyDocument=recorded)
        return
    try:
        iam.delete_user_policy(UserName=run["target"], PolicyName=LOCK)
    except iam.exceptions.NoSuchEntityException:
        # Gone already: an earlier reversal took it away, or the lock stopped before it was put.
        return


def calls(run, state):
    user = run["target"]
    operations = {
        "access_keys": "iam:UpdateAccessKey",
        "service_credentials": "iam:UpdateServiceSpecificCredential",
        "signing_certificates": "iam:UpdateSigningCertificate",
        "ssh_keys": "iam:UpdateSSHPublicKey",
    }
    planned = [{"call": "iam:PutUserPolicy", "on": user, "change": f"the inline policy {LOCK}: denies everything"}]
    for kind, call in operations.items():
        planned += [{"call": call, "on": name, "change": f"inactive, of the user {user}"} for name in active(state, kind)]
    return planned


def impact(run, state):
    """Who the user is: its groups, its console, and when its credentials were last used."""
    iam, user = boto3.client("iam"), run["target"]
    described = iam.get_user(UserName=user)["User"]
    pages = iam.get_paginator("list_groups_for_user").paginate(UserName=user)
    lines = [f"the user is in the group {group['GroupName']}" for page in pages for group in page["Groups"]]
    pages = iam.get_paginator("list_mfa_devices").paginate(UserName=user)
    devices = sum(len(page["MFADevices"]) for page in pages)
    if has_console(iam, user):
        used = described.get("PasswordLastUsed")
        used = f"last used at {time_of(used)}" if used else "never used as far as AWS knows"
        lines.append(f"the user signs in to the console with a password, {used}, and {devices} MFA devices")
    for key in active(state, "access_keys"):
        used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
        how = (
            f"{time_of(used['LastUsedDate'])} for {used['ServiceName']}"
            if "LastUsedDate" in used
            else "no time that AWS knows of"
        )
        lines.append(f"the access key {key} was last used at {how}")
    lines += [f"the service-specific credential {name} works no more" for name in active(state, "service_credentials")]
    return lines


def time_of(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def has_console(iam, user):
    try:
        iam.get_login_profile(UserName=user)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True
