import boto3
import json

# What makes a grant the same again. Its id and its time are AWS's own and new each time.
PARTS = (
    "Name",
    "GranteePrincipal",
    "GranteeServicePrincipal",
    "RetiringPrincipal",
    "RetiringServicePrincipal",
    "Operations",
    "Constraints",
)


def observe(run):
    """The grants in scope. Those of AWS services come and go with volumes and tables, and are left out."""
    scope = scope_of(run)
    grants = [parts_of(one) for one in grants_of(boto3.client("kms"), run["target"]) if is_meant(one, scope)]
    return {"scope": scope, "grants": sorted(grants, key=text_of)}


def scope_of(run):
    # A repeat and the reversal go by what the first run was asked for.
    return run["before"]["scope"] if run["before"] else sorted({arn for arn in run["grantee_arns"] if arn.strip()})


def grants_of(kms, key):
    return [one for page in kms.get_paginator("list_grants").paginate(KeyId=key) for one in page["Grants"]]


def is_meant(grant, scope):
    return not is_of_service(grant) and (not scope or grant.get("GranteePrincipal") in scope)


def is_of_service(grant):
    """Whether an AWS service holds the grant: by its name, by a role that only it can use, or by a session kept for it."""
    grantee = grant.get("GranteePrincipal", "")
    return (
        "GranteeServicePrincipal" in grant
        or grantee.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        or ":role/aws-service-role/" in grantee
        or ":assumed-role/aws:" in grantee
    )


def parts_of(grant):
    found = {name: grant[name] for name in PARTS if grant.get(name)}
    return {**found, "Operations": sorted(found["Operations"])}


def refuse(run, before):
    described = boto3.client("kms").describe_key(KeyId=run["target"])["KeyMetadata"]
    if described["KeyManager"] == "AWS":
        raise ValueError(f"{run['target']} is a key that AWS manages: its grants belong to the service that made them")


def settled(run, state):
    return not state["grants"]


def revoke_grants(run):
    kms, scope = boto3.client("kms"), scope_of(run)
    for grant in grants_of(kms, run["target"]):
        if not is_meant(grant, scope):
            continue
        revoke(kms, run, grant)


def revoke(kms, run, grant):
    try:
        kms.revoke_grant(KeyId=run["target"], GrantId=grant["GrantId"])
    except kms.exceptions.NotFoundException:
        # Retired or revoked by somebody else since the list was made, or by a request whose answer was lost.
        return


def restore_grants(run):
    kms = boto3.client("kms")
    present = observe(run)["grants"]
    known = {one["GrantId"] for one in grants_of(kms, run["target"])}
    failed = []
    for grant in run["before"]["grants"]:
        if grant in present:
            # Two grants may be alike: each one that is there stands for one that was recorded.
            present.remove(grant)
            continue
        try:
            kms.create_grant(KeyId=run["target"], **grant)
        except kms.exceptions.InvalidArnException as error:
            # The principal is gone. The others get their grants back all the same.
            failed.append(f"{grant.get('GranteePrincipal')}: {error}")
    revoke_doubles(kms, run, known)
    if failed:
        raise ValueError(f"these grants can't be made again: {'; '.join(failed)}")


def revoke_doubles(kms, run, known):
    """A lost answer makes the SDK ask again, and KMS makes a grant without a name twice: of those alike the first stay."""
    recorded = run["before"]["grants"]
    missing = list(recorded)
    for grant in sorted(
        grants_of(kms, run["target"]), key=lambda one: (one["GrantId"] not in known, one["CreationDate"], one["GrantId"])
    ):
        parts = parts_of(grant)
        if parts in missing:
            missing.remove(parts)
        elif parts in recorded and grant["GrantId"] not in known:
            revoke(kms, run, grant)


def calls(run, state):
    return [
        {"call": "kms:RevokeGrant", "on": run["target"], "change": f"no more grant: {text_of(grant)}"}
        for grant in state["grants"]
    ]


def impact(run, state):
    """Who loses what, and how many grants of services stay."""
    kms = boto3.client("kms")
    described = kms.describe_key(KeyId=run["target"])["KeyMetadata"]
    services = sum(1 for one in grants_of(kms, run["target"]) if is_of_service(one))
    lines = [f"the key is described as {json.dumps(described.get('Description', ''))} and is {described['KeyState']}"]
    for grant in state["grants"]:
        named = f" by the grant {grant['Name']}" if "Name" in grant else ""
        lines.append(f"{grant['GranteePrincipal']} can no longer do {', '.join(grant['Operations'])}{named}")
    return [*lines, f"{services} grants of AWS services stay"]
