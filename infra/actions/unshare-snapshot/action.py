import boto3

# EC2 takes 500 changes of a snapshot in one call.
MOST_AT_ONCE = 500


def observe(run):
    found = boto3.client("ec2").describe_snapshot_attribute(SnapshotId=run["target"], Attribute="createVolumePermission")
    permissions = found["CreateVolumePermissions"]
    return {
        "groups": sorted(one["Group"] for one in permissions if one.get("Group")),
        "accounts": sorted(one["UserId"] for one in permissions if one.get("UserId")),
    }


def settled(run, state):
    return not state["groups"] and not state["accounts"]


def modify(run, operation, groups, accounts):
    ec2 = boto3.client("ec2")
    change = {"SnapshotId": run["target"], "Attribute": "createVolumePermission", "OperationType": operation}
    # The public first: it is the larger hole.
    if groups:
        ec2.modify_snapshot_attribute(GroupNames=groups, **change)
    for start in range(0, len(accounts), MOST_AT_ONCE):
        ec2.modify_snapshot_attribute(UserIds=accounts[start : start + MOST_AT_ONCE], **change)


def remove_shares(run):
    now = observe(run)
    modify(run, "remove", now["groups"], now["accounts"])


def restore_shares(run):
    now, before = observe(run), run["before"]
    groups = [name for name in before["groups"] if name not in now["groups"]]
    modify(run, "add", groups, [name for name in before["accounts"] if name not in now["accounts"]])


def calls(run, state):
    shares = ["everybody"] * bool(state["groups"]) + [f"account {name}" for name in state["accounts"]]
    return [{"call": "ec2:ModifySnapshotAttribute", "on": run["target"], "change": f"takes it from {name}"} for name in shares]


def impact(run, state):
    public = ["everybody can copy it and make volumes from it: denied from now on"] if state["groups"] else []
    return public + [f"account {name} can copy it and make volumes from it: denied from now on" for name in state["accounts"]]
