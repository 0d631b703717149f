"""What the scripts that preserve share: they look by tags first, do what can be done now, and answer.

EC2 knows no client token for snapshots and their copies, so an answer that was lost must not be asked for again: these calls are
made once, and the next attempt sees by the tags whether they were.
"""

import boto3
import botocore.config
import botocore.exceptions
import json

# AWS says that it is busy; the next attempt asks again.
BUSY = (
    "ConcurrentSnapshotLimitExceeded",
    "InternalError",
    "RequestLimitExceeded",
    "ResourceLimitExceeded",
    "ServiceUnavailable",
    "SnapshotCreationPerVolumeRateExceeded",
    "Throttling",
    "ThrottlingException",
    "Unavailable",
)
# A snapshot or copy that failed is made once more, and then is a gap.
TRIES = 2


def answer(snapshots, gaps, waiting, **more):
    """The answer of every document that preserves. `gaps` are (what, why it is missing)."""
    found = [{"about": about, "reason": str(reason)[:400]} for about, reason in gaps]
    state = "waiting" if waiting else "done"
    text = json.dumps({"state": state, "snapshots": snapshots, "gaps": found, **more}, separators=(",", ":"))
    return {"answer": text}


def tried(change):
    """(answer, None), or (None, why AWS refused it), or (None, None) where it may or may not have been done."""
    try:
        return change(), None
    except botocore.exceptions.ClientError as error:
        refusal = error.response["Error"]
        return None, None if refusal["Code"] in BUSY else f"{refusal['Code']}: {refusal.get('Message', '')}"
    except botocore.exceptions.HTTPClientError:
        return None, None


def once():
    return botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=120)


def subject(run):
    """The tags by which everything of an incident and an instance is found again."""
    return {"tocsin:incident": run["incident_id"], "tocsin:instance": run["instance_id"]}


def specification(tags, kind="snapshot"):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def tag_of(resource, key):
    return next((tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == key), None)


def snapshots_of(ec2, run):
    """The own snapshots that carry the tags, the oldest first."""
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in subject(run).items()]
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
    return sorted((one for page in pages for one in page["Snapshots"]), key=lambda one: (one["StartTime"], one["SnapshotId"]))


def moment(one):
    return one["StartTime"].strftime("%Y-%m-%dT%H:%M:%SZ")


def copied(run, region, source, from_region, tags, known):
    """(the copy of a snapshot under the evidence key in a region, why there will be none). Neither: it comes with the next attempt."""
    mine = [one for one in known if tag_of(one, "tocsin:source-snapshot") == source]
    sound = [one for one in mine if one["State"] != "error"]
    if sound:
        return sound[0], None
    if len(mine) >= TRIES:
        # EC2 looks at the key only after it took the request: a key that it may not use shows here.
        return None, f"its copy failed: {mine[-1].get('StateMessage') or 'EC2 gives no reason'}"
    ec2 = boto3.client("ec2", region_name=region, config=once())
    made, refusal = tried(
        lambda: ec2.copy_snapshot(
            SourceRegion=from_region,
            SourceSnapshotId=source,
            Description=f"Evidence of {run['incident_id']} from {run['instance_id']}, copy of {source}",
            Encrypted=True,
            KmsKeyId=run["kms_key_arn"],
            TagSpecifications=specification({**subject(run), "tocsin:source-snapshot": source, **tags}),
        )
    )
    return (made and {"SnapshotId": made["SnapshotId"], "State": "pending"}), refusal


def shared(ec2, snapshot, account):
    """Whether the account may make a volume of it, or why not."""

    def is_shared():
        found = ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
        return any(one.get("UserId") == account for one in found["CreateVolumePermissions"])

    if is_shared():
        return True, None
    _, refusal = tried(
        lambda: ec2.modify_snapshot_attribute(
            SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[account]
        )
    )
    return refusal is None and is_shared(), refusal


def handed_over(run, sources, from_region):
    """Copies completed snapshots under the evidence key and shares the copies: (source -> (copy, is shared)), gaps, whether to wait."""
    region = run["vault_region"]
    ec2 = boto3.client("ec2", region_name=region)
    known, copies, gaps, waiting = snapshots_of(ec2, run), {}, [], False
    for source in sources:
        tags = {"tocsin:volume": tag_of(source, "tocsin:volume") or source["VolumeId"]}
        copy, refusal = copied(run, region, source["SnapshotId"], from_region, tags, known)
        is_shared = False
        if copy and copy["State"] == "completed":
            is_shared, refusal = shared(ec2, copy["SnapshotId"], run["evidence_account_id"])
        if refusal:
            gaps.append((source["SnapshotId"], refusal))
        waiting = waiting or not (is_shared or refusal)
        copies[source["SnapshotId"]] = (copy, is_shared)
    return copies, gaps, waiting


def is_evidence_set(run):
    return run["kms_key_arn"] and run["evidence_account_id"] and run["vault_region"]


def described(source, copies):
    """A snapshot as the answers tell it."""
    copy, is_shared = copies.get(source["SnapshotId"], (None, False))
    return {
        "snapshot_id": source["SnapshotId"],
        "volume_id": source["VolumeId"],
        "state": source["State"],
        "started_at": moment(source),
        "encrypted": source["Encrypted"],
        "copy_id": copy and copy["SnapshotId"],
        "shared": is_shared,
    }
