import boto3
import time

OWN_GROUPS = ("transit", "isolation")
PROTECTED = {"DisableApiTermination": True, "DisableApiStop": True, "InstanceInitiatedShutdownBehavior": "stop"}


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
    return {group["GroupId"]: group for vpc_id in vpc_ids for group in groups_named(ec2, vpc_id, names)}


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


def described(ec2, instance_id):
    # A filter, since asking by an id that is not there is an error.
    found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])["Reservations"]
    return found[0]["Instances"][0] if found else {}


def protection(ec2, instance_id, instance):
    """What keeps the instance from being stopped or terminated. None where AWS can't switch it for such an instance."""
    found = {}
    for name in PROTECTED:
        is_spot = instance.get("InstanceLifecycle") == "spot"
        # Without a root volume on EBS an instance can't be stopped at all.
        can_stop = instance.get("RootDeviceType") != "instance-store"
        if not instance or is_spot or not (can_stop or name == "DisableApiTermination"):
            found[name] = None
        else:
            attribute = name[0].lower() + name[1:]
            found[name] = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=attribute)[name]["Value"]
    return found


def delete_on_termination(instance):
    mappings = [mapping for mapping in instance.get("BlockDeviceMappings", []) if "Ebs" in mapping]
    return {mapping["DeviceName"]: mapping["Ebs"].get("DeleteOnTermination", False) for mapping in mappings}


def membership(autoscaling, instance_id):
    found = autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
    return found[0] if found else None


def scaling_group(autoscaling, name):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def is_standby(member):
    # On the way to standby the group neither checks nor replaces it any more. It may last as long as its connections drain.
    return member["LifecycleState"] in ("EnteringStandby", "Standby")


def auto_scaling(run):
    autoscaling = boto3.client("autoscaling")
    member = membership(autoscaling, run["target"])
    if member is None:
        return None
    name = member["AutoScalingGroupName"]
    return {"group": name, "standby": is_standby(member), "min_size": scaling_group(autoscaling, name)["MinSize"]}


def addresses_of(interface):
    private = [address["PrivateIpAddress"] for address in interface.get("PrivateIpAddresses", [])]
    return private + [address["Ipv6Address"] for address in interface.get("Ipv6Addresses", [])]


def registrations(run, vpc_ids, interfaces):
    """The target groups of its VPC that hold the instance, by its id or by an address."""
    elbv2, found = boto3.client("elbv2"), []
    known_as = {run["target"], *(address for interface in interfaces for address in addresses_of(interface))}
    for page in elbv2.get_paginator("describe_target_groups").paginate():
        # The same address in another VPC is another machine.
        for group in [group for group in page["TargetGroups"] if group.get("VpcId") in vpc_ids]:
            health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
            for one in health:
                # A target that drains is deregistered already.
                if one["Target"]["Id"] in known_as and one.get("TargetHealth", {}).get("State") != "draining":
                    found.append({"group": group["TargetGroupArn"], "target": one["Target"]})
    return sorted(found, key=text_of)


def classic_load_balancers(run):
    pages = boto3.client("elb").get_paginator("describe_load_balancers").paginate()
    return sorted(
        balancer["LoadBalancerName"]
        for page in pages
        for balancer in page["LoadBalancerDescriptions"]
        if any(instance["InstanceId"] == run["target"] for instance in balancer["Instances"])
    )


def observe(run):
    ec2 = boto3.client("ec2")
    instance = described(ec2, run["target"])
    found = interfaces_of(ec2, run["target"])
    changeable = [interface for interface in found if not interface.get("RequesterManaged")]
    vpc_ids = sorted({interface["VpcId"] for interface in changeable})
    groups = {
        name: {"name": group["GroupName"], "rules": count_rules(group["IpPermissions"] + group["IpPermissionsEgress"])}
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
        "auto_scaling": auto_scaling(run),
        "target_groups": registrations(run, vpc_ids, found),
        "load_balancers": classic_load_balancers(run),
        "protection": protection(ec2, run["target"], instance),
        "delete_on_termination": delete_on_termination(instance),
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
    is_closed = len(closed) == 1 and all(groups == closed for groups in state["interfaces"].values())
    return is_closed and not state["target_groups"] and not state["load_balancers"]


def own_group(ec2, run, purpose):
    vpc_id = run["before"]["vpc_ids"][0]
    return ensure_group(ec2, run, vpc_id, group_name(run, purpose), f"Tocsin {purpose} of {run['target']}")


def prepare_groups(run):
    ec2 = boto3.client("ec2")
    transit = own_group(ec2, run, "transit")
    # A connection stops being tracked only where everything is let through both ways. A new group lets everything out, over
    # IPv6 too where the VPC has it: the same rules are made for the way in.
    try:
        ec2.authorize_security_group_ingress(GroupId=transit["GroupId"], IpPermissions=transit["IpPermissionsEgress"])
    except ec2.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "InvalidPermission.Duplicate":
            raise
    isolation = own_group(ec2, run, "isolation")
    close_group(ec2, isolation)
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


def give_profile(ec2, run, profile, is_worn):
    association = profile_association(ec2, run["target"])
    if association and not is_worn(association["IamInstanceProfile"]["Arn"]):
        # A replaced association is a new one: asked again, EC2 does not know the old one any more.
        unless_done(
            lambda: ec2.replace_iam_instance_profile_association(
                AssociationId=association["AssociationId"], IamInstanceProfile=profile
            ),
            lambda: is_worn(profile_association(ec2, run["target"])["IamInstanceProfile"]["Arn"]),
        )


def swap_profile(run):
    quarantine = {"Name": run["quarantine_profile"]}
    give_profile(boto3.client("ec2"), run, quarantine, lambda arn: is_quarantine(run, arn))


def when_free(call):
    """A group that is scaling refuses calls for a moment."""
    for attempt in range(10):
        try:
            return call()
        except boto3.client("autoscaling").exceptions.ClientError as error:
            if attempt == 9 or error.response["Error"]["Code"] not in ("ScalingActivityInProgress", "ResourceContention"):
                raise
            time.sleep(3)


def room_below(group, member):
    """The minimum size that lets the group do without the instance."""
    return max(0, group["DesiredCapacity"] - int(member.get("WeightedCapacity") or 1))


def enter_standby(run):
    autoscaling = boto3.client("autoscaling")
    member = membership(autoscaling, run["target"])
    if member is None or member["LifecycleState"] != "InService":
        return
    name = member["AutoScalingGroupName"]
    group = scaling_group(autoscaling, name)
    # Without the decrement the group would launch a replacement, maybe from an image with the same hole, and could not be
    # given back as found: coming back raises the desired capacity. With it the minimum size has to leave room.
    if room_below(group, member) < group["MinSize"]:
        lower = room_below(group, member)
        when_free(lambda: autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=lower))
    unless_done(
        lambda: when_free(
            lambda: autoscaling.enter_standby(
                InstanceIds=[run["target"]], AutoScalingGroupName=name, ShouldDecrementDesiredCapacity=True
            )
        ),
        lambda: is_standby(membership(autoscaling, run["target"])),
    )


def exit_standby(run):
    autoscaling, recorded = boto3.client("autoscaling"), run["before"]["auto_scaling"]
    member = membership(autoscaling, run["target"])
    if recorded is None or member is None or member["AutoScalingGroupName"] != recorded["group"]:
        return
    for _ in range(100):
        if member["LifecycleState"] != "EnteringStandby":
            break
        time.sleep(5)
        member = membership(autoscaling, run["target"])
    name = recorded["group"]
    if member["LifecycleState"] == "Standby" and not recorded["standby"]:
        unless_done(
            lambda: when_free(lambda: autoscaling.exit_standby(InstanceIds=[run["target"]], AutoScalingGroupName=name)),
            lambda: not is_standby(membership(autoscaling, run["target"])),
        )
    group = scaling_group(autoscaling, name)
    # A minimum above the desired capacity makes the group launch: while another of its instances is isolated, this waits.
    size = min(recorded["min_size"], group["DesiredCapacity"])
    if group["MinSize"] < size:
        when_free(lambda: autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=size))


def registered_now(run):
    interfaces = interfaces_of(boto3.client("ec2"), run["target"])
    return registrations(run, run["before"]["vpc_ids"], interfaces), classic_load_balancers(run)


def leave_load_balancers(run):
    groups, balancers = registered_now(run)
    for one in groups:
        boto3.client("elbv2").deregister_targets(TargetGroupArn=one["group"], Targets=[one["target"]])
    for name in balancers:
        boto3.client("elb").deregister_instances_from_load_balancer(
            LoadBalancerName=name, Instances=[{"InstanceId": run["target"]}]
        )


def restore_load_balancers(run):
    groups, balancers = registered_now(run)
    for one in run["before"]["target_groups"]:
        if one not in groups:
            target = dict(one["target"])
            if target["Id"].startswith("i-"):
                # AWS tells the zone of an instance, and refuses to be told it.
                target.pop("AvailabilityZone", None)
            boto3.client("elbv2").register_targets(TargetGroupArn=one["group"], Targets=[target])
    for name in run["before"]["load_balancers"]:
        if name not in balancers:
            boto3.client("elb").register_instances_with_load_balancer(
                LoadBalancerName=name, Instances=[{"InstanceId": run["target"]}]
            )


def set_protection(run, wanted, mappings):
    """`wanted` has None where nothing can be switched. One call takes one attribute."""
    ec2 = boto3.client("ec2")
    instance = described(ec2, run["target"])
    found = protection(ec2, run["target"], instance)
    for name, value in wanted.items():
        if value is not None and found[name] not in (None, value):
            ec2.modify_instance_attribute(InstanceId=run["target"], **{name: {"Value": value}})
    found = delete_on_termination(instance)
    changed = {device: value for device, value in mappings.items() if device in found and found[device] != value}
    if changed:
        ec2.modify_instance_attribute(
            InstanceId=run["target"],
            BlockDeviceMappings=[
                {"DeviceName": device, "Ebs": {"DeleteOnTermination": value}} for device, value in sorted(changed.items())
            ],
        )


def protect(run):
    set_protection(run, PROTECTED, dict.fromkeys(run["before"]["delete_on_termination"], False))


def restore_protection(run):
    set_protection(run, run["before"]["protection"], run["before"]["delete_on_termination"])


def delete_group(ec2, group_id):
    by_id = [{"Name": "group-id", "Values": [group_id]}]
    for _ in range(20):
        if not ec2.describe_security_groups(Filters=by_id)["SecurityGroups"]:
            return
        try:
            ec2.delete_security_group(GroupId=group_id)
        except ec2.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            # For a moment after the swap EC2 still counts the group as worn. And the SDK asks again where an answer is lost:
            # then the group is gone.
            if code not in ("DependencyViolation", "InvalidGroup.NotFound"):
                raise
            if code == "DependencyViolation":
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
    # The isolation adds and removes no association: where there is none on either side, there is nothing to restore.
    if recorded:
        give_profile(ec2, run, {"Arn": recorded}, lambda arn: arn == recorded)


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
    announced += scaling_calls(run, state) + protection_calls(run, state)
    for one in state["target_groups"]:
        change = f"deregisters {one['target']['Id']}, port {one['target'].get('Port')}"
        announced.append({"call": "elbv2:DeregisterTargets", "on": one["group"], "change": change})
    for name in state["load_balancers"]:
        change = f"deregisters {run['target']}"
        announced.append({"call": "elb:DeregisterInstancesFromLoadBalancer", "on": name, "change": change})
    announced.append({"call": "ec2:DeleteSecurityGroup", "on": transit, "change": "deleted after the second swap"})
    return announced


def scaling_calls(run, state):
    autoscaling = boto3.client("autoscaling")
    member = membership(autoscaling, run["target"])
    if member is None or member["LifecycleState"] != "InService":
        return []
    group = scaling_group(autoscaling, member["AutoScalingGroupName"])
    lower, name = room_below(group, member), group["AutoScalingGroupName"]
    change = f"{run['target']} to standby, desired capacity {group['DesiredCapacity']} -> {lower}"
    announced = [{"call": "autoscaling:EnterStandby", "on": name, "change": change}]
    if lower < group["MinSize"]:
        change = f"minimum size {group['MinSize']} -> {lower}"
        announced.insert(0, {"call": "autoscaling:UpdateAutoScalingGroup", "on": name, "change": change})
    return announced


def protection_calls(run, state):
    changes = [
        f"{name} {state['protection'][name]} -> {value}"
        for name, value in PROTECTED.items()
        if state["protection"][name] not in (None, value)
    ]
    changes += [f"keeps the volume {device}" for device, deleted in sorted(state["delete_on_termination"].items()) if deleted]
    return [{"call": "ec2:ModifyInstanceAttribute", "on": run["target"], "change": change} for change in changes]


def impact(run, state):
    said = [f"{name} is managed by an AWS service and stays as it is: look at it by hand" for name in state["left_alone"]]
    if state["auto_scaling"]:
        autoscaling = boto3.client("autoscaling")
        group = scaling_group(autoscaling, state["auto_scaling"]["group"])
        said.append(
            f"the Auto Scaling group {group['AutoScalingGroupName']} (desired capacity {group['DesiredCapacity']}) goes on"
            " without the instance and launches no replacement by itself"
        )
    elbv2 = boto3.client("elbv2")
    for arn in sorted({one["group"] for one in state["target_groups"]}):
        group = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
        if group["LoadBalancerArns"]:
            balancers = elbv2.describe_load_balancers(LoadBalancerArns=group["LoadBalancerArns"])["LoadBalancers"]
            served = ", ".join(f"{one['LoadBalancerName']} ({one['DNSName']})" for one in balancers)
            said.append(f"serves {served} by the target group {group['TargetGroupName']}: deregistered")
        else:
            said.append(f"is in the target group {group['TargetGroupName']}, which no load balancer uses: deregistered")
    if state["load_balancers"]:
        found = boto3.client("elb").describe_load_balancers(LoadBalancerNames=state["load_balancers"])
        for one in found["LoadBalancerDescriptions"]:
            said.append(f"serves {one['LoadBalancerName']} ({one['DNSName']}): deregistered")
    return said + same_profile(run, state)


def same_profile(run, state):
    """Other instances with the profile: they keep it, and whoever stole the role has it from there too."""
    if not state["profile_arn"]:
        return []
    pages = boto3.client("ec2").get_paginator("describe_iam_instance_profile_associations").paginate()
    others = sorted(
        one["InstanceId"]
        for page in pages
        for one in page["IamInstanceProfileAssociations"]
        if one["IamInstanceProfile"]["Arn"] == state["profile_arn"] and one["InstanceId"] != run["target"]
    )
    if not others:
        return []
    more = f" and {len(others) - 20} more" if len(others) > 20 else ""
    return [f"the role of the profile {state['profile_arn']} stays with {', '.join(others[:20])}{more}"]
