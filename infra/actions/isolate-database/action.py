import boto3
import time

MISSING = ("DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFound", "DBClusterNotFoundFault")
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault", "InvalidDBClusterState", "InvalidDBClusterStateFault")


def unless_missing(rds, read):
    try:
        return read()
    except rds.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None


def instance_of(rds, name):
    return unless_missing(rds, lambda: rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def cluster_of(rds, name):
    return unless_missing(rds, lambda: rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])


def database(run):
    """(cluster, instances). The groups of an instance in a cluster are those of the cluster; an instance alone has none."""
    rds, name = boto3.client("rds"), run["target"]
    instance = instance_of(rds, name)
    if instance is not None and not instance.get("DBClusterIdentifier"):
        return None, [instance]
    cluster = cluster_of(rds, instance["DBClusterIdentifier"] if instance else name)
    if cluster is None:
        raise ValueError(f"there is no database {name} here, neither an instance nor a cluster")
    members = sorted(member["DBInstanceIdentifier"] for member in cluster["DBClusterMembers"])
    found = [instance_of(rds, member) for member in members]
    return cluster, [member for member in found if member is not None]


def name_of(cluster, instances):
    return cluster["DBClusterIdentifier"] if cluster else instances[0]["DBInstanceIdentifier"]


def can_be_public(cluster):
    # RDS lets nobody change the instances of a Multi-AZ cluster one by one.
    return cluster is None or cluster["Engine"].startswith("aurora")


def group_name(name):
    return f"tocsin-isolation-{name}"


def own_groups(ec2, vpc_id, name):
    return groups_named(ec2, vpc_id, [group_name(name)])


def observe(run):
    ec2 = boto3.client("ec2")
    cluster, instances = database(run)
    one, name = cluster or instances[0], name_of(cluster, instances)
    groups = {group["VpcSecurityGroupId"]: group["Status"] for group in one["VpcSecurityGroups"]}
    described = ec2.describe_security_groups(GroupIds=sorted(groups))["SecurityGroups"] if groups else []
    vpc_ids = sorted({group["VpcId"] for group in described})
    own = own_groups(ec2, vpc_ids[0], name) if vpc_ids else []
    return {
        "kind": "cluster" if cluster else "instance",
        "name": name,
        "vpc_id": vpc_ids[0] if vpc_ids else None,
        # A group that is being removed is still in force.
        "security_groups": sorted(groups),
        "changing": sorted(group for group, status in groups.items() if status != "active"),
        "publicly_accessible": {
            instance["DBInstanceIdentifier"]: bool(instance.get("PubliclyAccessible"))
            for instance in instances
            if can_be_public(cluster)
        },
        "deletion_protection": bool(one.get("DeletionProtection")),
        "own_groups": sorted(group["GroupId"] for group in own),
        "closed_groups": sorted(
            group["GroupId"] for group in own if not group["IpPermissions"] and not group["IpPermissionsEgress"]
        ),
    }


def refuse(run, before):
    if before["own_groups"]:
        raise touched(run)
    if before["vpc_id"] is None:
        raise ValueError(f"{before['name']} has no security group of a VPC: isolate it by hand")
    if before["changing"]:
        raise ValueError(f"the security groups of {before['name']} are being changed: start again in a minute")


def wear(state, groups):
    return state["security_groups"] == groups and not state["changing"]


def settled(run, state):
    return len(state["closed_groups"]) == 1 and wear(state, state["closed_groups"])


def prepare_group(run):
    ec2, before = boto3.client("ec2"), run["before"]
    description = f"Tocsin isolation of {before['name']}"
    group = ensure_group(ec2, run, before["vpc_id"], group_name(before["name"]), description)
    close_group(ec2, group)
    return {"isolation_group": group["GroupId"]}


def when_available(call):
    """RDS changes nothing while a backup or another change is on its way."""
    rds = boto3.client("rds")
    for attempt in range(50):
        try:
            return call(rds)
        except rds.exceptions.ClientError as error:
            if attempt == 49 or error.response["Error"]["Code"] not in BUSY:
                raise
            time.sleep(10)


def give(run, groups, public, protected):
    """Changes what differs, in one call a resource: RDS takes no second one while it works on the first."""
    state = observe(run)
    wanted = {}
    if state["security_groups"] != groups:
        wanted["VpcSecurityGroupIds"] = groups
    if state["deletion_protection"] != protected:
        wanted["DeletionProtection"] = protected
    if state["kind"] == "cluster" and wanted:
        change_cluster(state["name"], wanted)
    for name, is_public in state["publicly_accessible"].items():
        change = {} if state["kind"] == "cluster" else dict(wanted)
        if public.get(name, is_public) != is_public:
            change["PubliclyAccessible"] = public[name]
        if change:
            change_instance(name, change)


def change_cluster(name, change):
    when_available(lambda rds: rds.modify_db_cluster(DBClusterIdentifier=name, ApplyImmediately=True, **change))


def change_instance(name, change):
    # Without ApplyImmediately, which would also apply whatever else waits for the maintenance window. RDS makes these three
    # changes at once anyway.
    when_available(lambda rds: rds.modify_db_instance(DBInstanceIdentifier=name, **change))


def cut_off(run):
    give(run, [run["isolation_group"]], dict.fromkeys(run["before"]["publicly_accessible"], False), True)


def await_groups(run, groups):
    """Waits eight minutes at most. What is not changed by then, the observation shows."""
    for _ in range(96):
        if wear(observe(run), groups):
            return
        time.sleep(5)


def await_change(run):
    await_groups(run, [run["isolation_group"]])


def restore_database(run):
    before = run["before"]
    give(run, before["security_groups"], before["publicly_accessible"], before["deletion_protection"])


def await_restored(run):
    await_groups(run, run["before"]["security_groups"])


def delete_group(run):
    ec2, before = boto3.client("ec2"), run["before"]
    for attempt in range(60):
        found = own_groups(ec2, before["vpc_id"], before["name"])
        if not found:
            return
        try:
            ec2.delete_security_group(GroupId=found[0]["GroupId"])
        except ec2.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            # The interfaces of the database keep the group for a while after RDS says that it is gone. And the SDK asks again
            # where an answer is lost: then the group is gone.
            if attempt == 59 or code not in ("DependencyViolation", "InvalidGroup.NotFound"):
                raise
            if code == "DependencyViolation":
                time.sleep(5)


def calls(run, state):
    group = group_name(state["name"])
    changes = [f"{', '.join(state['security_groups'])} -> {group}"]
    changes += [] if state["deletion_protection"] else ["deletion protection on"]
    call = "rds:ModifyDBCluster" if state["kind"] == "cluster" else "rds:ModifyDBInstance"
    return [
        {"call": "ec2:CreateSecurityGroup", "on": group, "change": "the group that stays"},
        {"call": "ec2:RevokeSecurityGroupEgress", "on": group, "change": "every rule that a new group has"},
        *({"call": call, "on": state["name"], "change": change} for change in changes),
        *(
            {"call": "rds:ModifyDBInstance", "on": name, "change": "no public address"}
            for name, is_public in sorted(state["publicly_accessible"].items())
            if is_public
        ),
    ]


def sources_of(rule):
    named = [pair["GroupId"] for pair in rule.get("UserIdGroupPairs", [])]
    ranges = [one["CidrIp"] for one in rule.get("IpRanges", [])] + [one["CidrIpv6"] for one in rule.get("Ipv6Ranges", [])]
    return named + ranges + [one["PrefixListId"] for one in rule.get("PrefixListIds", [])]


def impact(run, state):
    """Who is let in now, and what goes with the database."""
    cluster, instances = database(run)
    public = sorted(name for name, is_public in state["publicly_accessible"].items() if is_public)
    said = [f"{name} is reached from the internet by a public address" for name in public]
    if cluster:
        members = ", ".join(one["DBInstanceIdentifier"] for one in instances)
        said.append(f"all instances of the cluster {state['name']}: {members}")
    for replica in sorted({name for one in instances for name in one.get("ReadReplicaDBInstanceIdentifiers", [])}):
        said.append(f"the read replica {replica} stays reachable: it holds the same data")
    groups = boto3.client("ec2").describe_security_groups(GroupIds=state["security_groups"])["SecurityGroups"]
    for group in sorted(groups, key=lambda group: group["GroupId"]):
        sources = sorted({source for rule in group["IpPermissions"] for source in sources_of(rule)})
        if sources:
            said.append(f"{group['GroupId']} lets in {', '.join(sources)}: refused from now on")
    return said
