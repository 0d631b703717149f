import boto3


def observe(run):
    return {"credentials": credentials_of(boto3.client("iam"), run["target"])}


def credentials_of(iam, user):
    """id -> service and status. IAM has no paginator for this list."""
    found, more = {}, {}
    while True:
        page = iam.list_service_specific_credentials(UserName=user, **more)
        for one in page["ServiceSpecificCredentials"]:
            found[one["ServiceSpecificCredentialId"]] = {"service": one["ServiceName"], "status": one["Status"]}
        if not page.get("IsTruncated"):
            return found
        more = {"Marker": page["Marker"]}


def settled(run, state):
    return not active(state)


def active(state):
    # An expired credential stays so: it works no more, and IAM would not give that status back.
    return sorted(name for name, one in state["credentials"].items() if one["status"] == "Active")


def deactivate_credentials(run):
    iam = boto3.client("iam")
    for name in active(observe(run)):
        iam.update_service_specific_credential(UserName=run["target"], ServiceSpecificCredentialId=name, Status="Inactive")


def restore_statuses(run):
    iam = boto3.client("iam")
    now = credentials_of(iam, run["target"])
    for name, one in run["before"]["credentials"].items():
        # One that is gone or has run out since can't be given back: the observation shows it.
        if one["status"] == "Active" and now.get(name, {}).get("status") == "Inactive":
            iam.update_service_specific_credential(UserName=run["target"], ServiceSpecificCredentialId=name, Status="Active")


def calls(run, state):
    change = "the credential for {} is inactive"
    return [
        {
            "call": "iam:UpdateServiceSpecificCredential",
            "on": name,
            "change": change.format(state["credentials"][name]["service"]),
        }
        for name in active(state)
    ]


def impact(run, state):
    lines = [
        f"the user's credential {name} for {state['credentials'][name]['service']} works no more" for name in active(state)
    ]
    return lines or ["the user has no active service-specific credential"]
