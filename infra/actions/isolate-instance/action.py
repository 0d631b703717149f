import boto3
import time

OWN_GROUPS = ("transit", "isolation")


def interfaces_of(ec2, instance_id):
    of_instance = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    return ec2.describe_network_interfaces(Filters=of_instance)["NetworkInterfaces"]


def groups_worn(interface):
    return sorted(group["GroupId"] for group in interface["Groups"])


def group_name(run, purpose):
    return f"tocsin-{purpose}-{run['target']}"


def own_groups(ec2, run, vpc_ids):
    """The groups that an isolation made, by id."""
    if not vpc_ids:
        return {}
    names = [group_name(run, purpose) for purpose in OWN_GROUPS]
    made = [{"Name": "vpc-id", "Values": vpc_ids}, {"Name": "group-name", "Values": names}]
    return {group["GroupId"]: group for group in ec2.describe_security_groups(Filters=made)["SecurityGroups"]}


def count_rules(permissions):
    kinds = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    return sum(len(permission.get(kind, [])) for permission in permissions for kind in kinds)


def profile_association(ec2, instance_id):
    filters = [
        {"Name": "instance-id", "Values": [instance_id]},
        {"Name": "state", "Values": ["associating", "associated"]},
    ]
    for _ in range(20):
        associations = ec2.describe_iam_instance_profile_associations(Filters=filters)["IamInstanceProfileAssociations"]
        # An association that is still being made can't be replaced.
        if all(association["State"] == "associated" for association in associations):
            return associations[0] if associations else None
        time.sleep(1)
    raise RuntimeError(f"the profile association of {instance_id} did not settle within 20 seconds")


def observe(run):
    ec2 = boto3.client("ec2")
    found = interfaces_of(ec2, run["target"])
    changeable = [interface for interface in found if not interface.get("RequesterManaged")]
    vpc_ids = sorted({interface["VpcId"] for interface in changeable})
    groups = {
        name: {"name": group["GroupName"], "rules": count_rules(group["IpPermissions"]) + count_rules(group["IpPermissionsEgress"])}
        for name, group in own_groups(ec2, run, vpc_ids).items()
    }
    association = profile_association(ec2, run["target"])
    return {
        "vpc_ids": vpc_ids,
        "interfaces": {interface["NetworkInterfaceId"]: groups_worn(interface) for interface in changeable},
        # AWS lets nobody change an interface that one of its services manages.
        "left_alone": sorted(interface["NetworkInterfaceId"] for interface in found if interface.get("RequesterManaged")),
        "own_groups": groups,
        "closed_groups": sorted(
            name for name, group in groups.items() if group["name"] == group_name(run, "isolation") and group["rules"] == 0
        ),
        "profile_arn": association["IamInstanceProfile"]["Arn"] if association else None,
    }


def refuse(run, before):
    if not before["interfaces"]:
        raise ValueError(f"{run['target']} has no network interface here: terminated, or in another region")
    if len(before["vpc_ids"]) > 1:
        raise ValueError(f"{run['target']} has interfaces in several VPCs: isolate it by hand")
    if before["own_groups"] or is_quarantine(run, before["profile_arn"]):
        raise touched(run)


def is_quarantine(run, profile_arn):
    return (profile_arn or "").rsplit("/", 1)[-1] == run["quarantine_profile"]


def settled(run, state):
    closed = state["closed_groups"]
    return len(closed) == 1 and all(groups == closed for groups in state["interfaces"].values())


def ensure_group(ec2, run, purpose):
    vpc_id, name = run["before"]["vpc_ids"][0], group_name(run, purpose)
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": [name]}]
    found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    if found:
        return found[0]
    tags = [{"Key": "tocsin:incident", "Value": run["incident"]}]
    created = ec2.create_security_group(
        GroupName=name,
        Description=f"Tocsin {purpose} of {run['target']}",
        VpcId=vpc_id,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    # EC2 does not show a new group everywhere at once.
    waiter = ec2.get_waiter("security_group_exists")
    waiter.wait(GroupIds=[created["GroupId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return ec2.describe_security_groups(GroupIds=[created["GroupId"]])["SecurityGroups"][0]


def prepare_groups(run):
    ec2 = boto3.client("ec2")
    transit = ensure_group(ec2, run, "transit")
    # A connection stops being tracked only where everything is let through both ways. A new group lets everything out, over
    # IPv6 too where the VPC has it: the same rules are made for the way in.
    try:
        ec2.authorize_security_group_ingress(GroupId=transit["GroupId"], IpPermissions=transit["IpPermissionsEgress"])
    except ec2.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "InvalidPermission.Duplicate":
            raise
    isolation = ensure_group(ec2, run, "isolation")
    # A new group is not closed: whatever rules there are, IPv4 and IPv6, have to go.
    if isolation["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=isolation["GroupId"], IpPermissions=isolation["IpPermissions"])
    if isolation["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=isolation["GroupId"], IpPermissions=isolation["IpPermissionsEgress"])
    return {"transit_group": transit["GroupId"], "isolation_group": isolation["GroupId"]}


def recorded_interfaces(ec2, run):
    # A filter, since asking by id fails as a whole when one interface was deleted meanwhile.
    recorded = [{"Name": "network-interface-id", "Values": list(run["before"]["interfaces"])}]
    return ec2.describe_network_interfaces(Filters=recorded)["NetworkInterfaces"]


def give_groups(ec2, interface, groups):
    if groups_worn(interface) != groups:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=groups)


def swap_to_transit(run):
    ec2 = boto3.client("ec2")
    for interface in recorded_interfaces(ec2, run):
        # On a repeat an interface that is isolated already must not be opened again.
        if groups_worn(interface) != [run["isolation_group"]]:
            give_groups(ec2, interface, [run["transit_group"]])


def swap_to_isolation(run):
    ec2 = boto3.client("ec2")
    for interface in recorded_interfaces(ec2, run):
        give_groups(ec2, interface, [run["isolation_group"]])


def swap_profile(run):
    ec2 = boto3.client("ec2")
    association = profile_association(ec2, run["target"])
    if association and not is_quarantine(run, association["IamInstanceProfile"]["Arn"]):
        ec2.replace_iam_instance_profile_association(
            AssociationId=association["AssociationId"], IamInstanceProfile={"Name": run["quarantine_profile"]}
        )


def delete_group(ec2, group_id):
    by_id = [{"Name": "group-id", "Values": [group_id]}]
    for _ in range(20):
        if not ec2.describe_security_groups(Filters=by_id)["SecurityGroups"]:
            return
        try:
            ec2.delete_security_group(GroupId=group_id)
        except ec2.exceptions.ClientError as error:
            # For a moment after the swap EC2 still counts the group as worn.
            if error.response["Error"]["Code"] != "DependencyViolation":
                raise
            time.sleep(1)
    raise RuntimeError(f"security group {group_id} is still in use after 20 seconds")


def delete_transit(run):
    delete_group(boto3.client("ec2"), run["transit_group"])


def restore_groups(run):
    ec2 = boto3.client("ec2")
    for interface in recorded_interfaces(ec2, run):
        give_groups(ec2, interface, run["before"]["interfaces"][interface["NetworkInterfaceId"]])


def restore_profile(run):
    ec2, recorded = boto3.client("ec2"), run["before"]["profile_arn"]
    association = profile_association(ec2, run["target"])
    # The isolation adds and removes no association: where there is none on either side, there is nothing to restore.
    if recorded and association and association["IamInstanceProfile"]["Arn"] != recorded:
        ec2.replace_iam_instance_profile_association(
            AssociationId=association["AssociationId"], IamInstanceProfile={"Arn": recorded}
        )


def delete_groups(run):
    ec2 = boto3.client("ec2")
    for group_id in own_groups(ec2, run, run["before"]["vpc_ids"]):
        delete_group(ec2, group_id)


def calls(run, state):
    transit, isolation = (group_name(run, purpose) for purpose in OWN_GROUPS)
    announced = [
        {"call": "ec2:CreateSecurityGroup", "on": transit, "change": "a group for the seconds between the two swaps"},
        {"call": "ec2:AuthorizeSecurityGroupIngress", "on": transit, "change": "lets everything through"},
        {"call": "ec2:CreateSecurityGroup", "on": isolation, "change": "the group that stays"},
        {"call": "ec2:RevokeSecurityGroupEgress", "on": isolation, "change": "every rule that a new group has"},
    ]
    for name, groups in sorted(state["interfaces"].items()):
        change = f"{', '.join(groups)} -> {transit} -> {isolation}"
        announced.append({"call": "ec2:ModifyNetworkInterfaceAttribute", "on": name, "change": change})
    if state["profile_arn"]:
        change = f"{state['profile_arn']} -> {run['quarantine_profile']}"
        announced.append({"call": "ec2:ReplaceIamInstanceProfileAssociation", "on": run["target"], "change": change})
    announced.append({"call": "ec2:DeleteSecurityGroup", "on": transit, "change": "deleted after the second swap"})
    return announced


def impact(run, state):
    return [f"{name} is managed by an AWS service and stays as it is: look at it by hand" for name in state["left_alone"]]
