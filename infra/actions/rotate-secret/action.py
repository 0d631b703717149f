import boto3
import hashlib
import time

# Less than the limit of the step, so that the observation still says how far it got.
LONGEST_WAIT = 540


def describe(run):
    """The secret by its ARN. Findings name a secret by the last part of that, which is its name with six characters more."""
    secretsmanager = boto3.client("secretsmanager")
    if run["before"]:
        return secretsmanager.describe_secret(SecretId=run["before"]["arn"])
    _, partition, _, _, account, _ = run["role"].split(":", 5)
    arn = f"arn:{partition}:secretsmanager:{secretsmanager.meta.region_name}:{account}:secret:{run['target']}"
    try:
        return secretsmanager.describe_secret(SecretId=arn)
    except secretsmanager.exceptions.ResourceNotFoundException:
        return secretsmanager.describe_secret(SecretId=run["target"])


def version_with(versions, stage):
    return next((version for version, stages in sorted(versions.items()) if stage in stages), None)


def rotation_of(versions, before, own):
    """`done` when the incident's version, or another than the one found, is current; `under way` while a new one is made."""
    current, pending = version_with(versions, "AWSCURRENT"), version_with(versions, "AWSPENDING")
    if current == own or before and current != version_with(before["versions"], "AWSCURRENT"):
        return "done"
    if before and pending not in (None, current, version_with(before["versions"], "AWSPENDING")):
        return "under way"
    return "none"


def observe(run):
    secret = describe(run)
    versions = {version: sorted(stages) for version, stages in secret.get("VersionIdsToStages", {}).items()}
    rotated = secret.get("LastRotatedDate")
    return {
        "arn": secret["ARN"],
        "rotation_enabled": secret.get("RotationEnabled", False),
        "rotation_function": secret.get("RotationLambdaARN"),
        "versions": versions,
        "last_rotated": rotated and time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(rotated.timestamp())),
        "rotation": rotation_of(versions, run["before"], token(run, secret["ARN"])),
    }


def refuse(run, before):
    secret = describe(run)
    if secret.get("DeletedDate"):
        raise ValueError(f"{run['target']} is marked for deletion: its value can't be read, and it can't be rotated")
    if secret.get("PrimaryRegion", secret["ARN"].split(":")[3]) != secret["ARN"].split(":")[3]:
        raise ValueError(f"{run['target']} is a replica: rotate the secret in {secret['PrimaryRegion']}")
    # A service that owns the secret rotates it without a function.
    if not before["rotation_function"] and not before["rotation_enabled"]:
        raise ValueError(
            f"{run['target']} has no rotation function: a person changes the value where it is used, and then here"
        )


def settled(run, state):
    return state["rotation"] == "done"


def token(run, arn):
    """The id of the new version: one for an incident and a secret, however often it is asked for."""
    return hashlib.sha256(f"{run['incident']}\n{arn}".encode()).hexdigest()[:40]


def request_rotation(run):
    secretsmanager, state = boto3.client("secretsmanager"), observe(run)
    version = token(run, state["arn"])
    if state["rotation"] != "none" or version in state["versions"]:
        return
    try:
        secretsmanager.rotate_secret(SecretId=state["arn"], ClientRequestToken=version, RotateImmediately=True)
    except secretsmanager.exceptions.InvalidRequestException:
        # An earlier rotation did not end. Secrets Manager tries that one again now, and the next step waits for it.
        if not version_with(state["versions"], "AWSPENDING"):
            raise


def await_rotation(run):
    end = time.monotonic() + LONGEST_WAIT
    while observe(run)["rotation"] != "done" and time.monotonic() < end:
        time.sleep(5)


def calls(run, state):
    return [
        {
            "call": "secretsmanager:RotateSecret",
            "on": state["arn"],
            "change": "a new version becomes the current one; this can't be taken back",
        }
    ]


def impact(run, state):
    secret = describe(run)
    found = [
        f"the function {state['rotation_function']} changes the value"
        if state["rotation_function"]
        else "the service that owns the secret changes the value"
    ]
    if not state["rotation_enabled"]:
        found.append("rotation by schedule is off: asking for a rotation turns it on")
    if version_with(state["versions"], "AWSPENDING") not in (None, version_with(state["versions"], "AWSCURRENT")):
        found.append("an earlier rotation did not end: Secrets Manager tries that one again, and it may fail again")
    if secret.get("LastAccessedDate"):
        found.append(f"it was last read on {secret['LastAccessedDate']:%Y-%m-%d}")
    found += [f"its replica in {one['Region']} changes with it" for one in secret.get("ReplicationStatus", [])]
    return found + ["where the function takes turns between two users, the old credentials are valid until the next rotation"]
