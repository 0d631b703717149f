import boto3

MISSING = ("DBSnapshotNotFound", "DBSnapshotNotFoundFault", "DBClusterSnapshotNotFound", "DBClusterSnapshotNotFoundFault")


def unless_missing(rds, read):
    try:
        return read()
    except rds.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None


def restorers(attributes):
    """`all`, or accounts."""
    return sorted({value for one in attributes if one["AttributeName"] == "restore" for value in one["AttributeValues"]})


def of_instance(rds, name):
    found = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)["DBSnapshotAttributesResult"]
    return restorers(found["DBSnapshotAttributes"])


def of_cluster(rds, name):
    found = rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=name)["DBClusterSnapshotAttributesResult"]
    return restorers(found["DBClusterSnapshotAttributes"])


def observe(run):
    rds, name = boto3.client("rds"), run["target"]
    # Snapshots of instances and of clusters have names of their own kind: nothing in the name tells which one it is.
    found = {
        "instance": unless_missing(rds, lambda: of_instance(rds, name)),
        "cluster": unless_missing(rds, lambda: of_cluster(rds, name)),
    }
    kinds = [kind for kind, shared_with in found.items() if shared_with is not None]
    if not kinds:
        raise ValueError(f"there is no snapshot {name} of an instance or a cluster here")
    if len(kinds) > 1:
        raise ValueError(f"{name} is the name of a snapshot of an instance and of one of a cluster: unshare it by hand")
    return {"kind": kinds[0], "shared_with": found[kinds[0]]}


def settled(run, state):
    return not state["shared_with"]


def modify(run, kind, **values):
    rds = boto3.client("rds")
    if kind == "cluster":
        rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier=run["target"], AttributeName="restore", **values)
    else:
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=run["target"], AttributeName="restore", **values)


def remove_shares(run):
    now = observe(run)
    if now["shared_with"]:
        modify(run, now["kind"], ValuesToRemove=now["shared_with"])


def restore_shares(run):
    now = observe(run)
    missing = [name for name in run["before"]["shared_with"] if name not in now["shared_with"]]
    if missing:
        modify(run, now["kind"], ValuesToAdd=missing)


def calls(run, state):
    call = "rds:ModifyDBClusterSnapshotAttribute" if state["kind"] == "cluster" else "rds:ModifyDBSnapshotAttribute"
    shares = ", ".join(state["shared_with"])
    return [{"call": call, "on": run["target"], "change": f"takes it from {shares}"}] if shares else []


def impact(run, state):
    who = ["everybody" if name == "all" else f"account {name}" for name in state["shared_with"]]
    return [f"{name} can copy and restore it: denied from now on" for name in who]
