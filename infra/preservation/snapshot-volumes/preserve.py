import boto3


def taken(run, found):
    """The snapshots to go on with, those that are there twice, and whether to take (another) set.

    All of one call carry the attempt that made it: a set is of one moment, so no two sets are mixed.
    """
    sets = {}
    for one in found:
        if attempt := tag_of(one, "tocsin:attempt"):
            sets.setdefault(attempt, []).append(one)
    sound = [name for name, snapshots in sets.items() if all(one["State"] != "error" for one in snapshots)]
    if not sound and len(sets) < TRIES:
        return [], [], True
    chosen = sound[0] if sound else list(sets)[-1]
    kept = {}
    for one in sets[chosen]:
        # A call that EC2 got twice made two of each.
        kept.setdefault(one["VolumeId"], one)
    failed_sets = [name for name in sets if name not in sound]
    spare = [one["SnapshotId"] for name, snapshots in sets.items() if name not in failed_sets for one in snapshots]
    ids = {one["SnapshotId"] for one in kept.values()}
    return sorted(kept.values(), key=lambda one: one["VolumeId"]), [one for one in spare if one not in ids], False


def disks_without_snapshots(ec2, run):
    """Gaps that no snapshot can close."""
    # A filter, since asking by an id that is not there is an error.
    found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [run["instance_id"]]}])["Reservations"]
    if not found:
        return [(run["instance_id"], "there is no such instance here: terminated, or in another region")]
    instance = found[0]["Instances"][0]
    kind = instance["InstanceType"]
    types = ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": [kind]}])["InstanceTypes"]
    if not (types and types[0].get("InstanceStorageSupported")):
        return []
    size = types[0].get("InstanceStorageInfo", {}).get("TotalSizeInGB", "?")
    return [(run["instance_id"], f"no snapshot can be taken of its instance store ({size} GB): it is lost when the instance stops")]


def preserve(run):
    ec2 = boto3.client("ec2")
    gaps = disks_without_snapshots(ec2, run)
    snapshots, doubled, is_due = taken(run, snapshots_of(ec2, run))
    if is_due:
        ec2 = boto3.client("ec2", config=once())
        made, refusal = tried(
            # One call for all volumes: they are of the same moment, as after a power cut.
            lambda: ec2.create_snapshots(
                InstanceSpecification={"InstanceId": run["instance_id"], "ExcludeBootVolume": False},
                Description=f"Evidence of {run['incident_id']} from {run['instance_id']}",
                TagSpecifications=specification({**subject(run), "tocsin:attempt": run["attempt"]}),
            )
        )
        if refusal:
            return answer([], [*gaps, (run["instance_id"], refusal)], False)
        return answer([described(one, {}) for one in (made or {}).get("Snapshots", [])], gaps, True)
    failed = [one for one in snapshots if one["State"] == "error"]
    gaps += [(one["VolumeId"], f"its snapshot failed: {one.get('StateMessage') or 'EC2 gives no reason'}") for one in failed]
    waiting = any(one["State"] == "pending" for one in snapshots)
    copies = {}
    if is_evidence_set(run):
        completed = [one for one in snapshots if one["State"] == "completed"]
        copies, more, still = handed_over(run, completed, ec2.meta.region_name)
        gaps, waiting = gaps + more, waiting or still
    elif snapshots:
        gaps.append((run["instance_id"], "its snapshots stay in its own account: no evidence account is set"))
    more = {"doubled": doubled} if doubled else {}
    return answer([described(one, copies) for one in snapshots], gaps, waiting, **more)
