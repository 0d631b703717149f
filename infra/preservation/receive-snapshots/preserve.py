import boto3


def preserve(run):
    ec2 = boto3.client("ec2")
    region = ec2.meta.region_name
    known, snapshots, gaps, waiting = snapshots_of(ec2, run), [], [], False
    for named in run["snapshots"]:
        source, volume = named.split("/")
        tags = {"tocsin:source-account": run["source_account_id"], "tocsin:volume": volume}
        copy, refusal = copied(run, region, source, region, tags, known)
        if refusal:
            gaps.append((source, refusal))
            continue
        waiting = waiting or copy is None or copy["State"] != "completed"
        if copy:
            found = {"snapshot_id": copy["SnapshotId"], "volume_id": volume, "state": copy["State"], "source_snapshot_id": source}
            snapshots.append({**found, "region": region})
    kept = [one["snapshot_id"] for one in snapshots]
    sources = [one["source_snapshot_id"] for one in snapshots]
    sound = [one for one in known if one["State"] != "error" and tag_of(one, "tocsin:source-snapshot") in sources]
    spare = [one["SnapshotId"] for one in sound if one["SnapshotId"] not in kept]
    more = {"doubled": spare} if spare else {}
    return answer(snapshots, gaps, waiting, **more)
