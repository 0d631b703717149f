import boto3
import time

# The entry that denies what no other entry decides. It is always there.
LAST_RULE = 32767


def acl_of(ec2, subnet_id):
    found = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])["NetworkAcls"]
    if not found:
        raise ValueError(f"there is no subnet {subnet_id} here")
    return found[0]


def own_acls(ec2, subnet_id):
    tagged = [{"Name": "tag:tocsin:subnet", "Values": [subnet_id]}]
    found = ec2.describe_network_acls(Filters=tagged)["NetworkAcls"]
    return sorted(found, key=lambda acl: acl["NetworkAclId"])


def observe(run):
    ec2 = boto3.client("ec2")
    acl, own = acl_of(ec2, run["target"]), [one["NetworkAclId"] for one in own_acls(ec2, run["target"])]
    return {
        "vpc_id": acl["VpcId"],
        "acl_id": acl["NetworkAclId"],
        "acl_is_own": acl["NetworkAclId"] in own,
        "allowing_entries": sum(entry["RuleAction"] == "allow" for entry in acl["Entries"]),
        "own_acls": own,
    }


def refuse(run, before):
    if before["own_acls"]:
        raise touched(run)


def settled(run, state):
    return state["acl_is_own"] and state["allowing_entries"] == 0


def prepare_acl(run):
    ec2, subnet_id = boto3.client("ec2"), run["target"]
    found = own_acls(ec2, subnet_id)
    if not found:
        tags = [{"Key": "tocsin:incident", "Value": run["incident"]}, {"Key": "tocsin:subnet", "Value": subnet_id}]
        created = ec2.create_network_acl(
            VpcId=run["before"]["vpc_id"], TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}]
        )["NetworkAcl"]["NetworkAclId"]
        # EC2 does not show what is new everywhere at once.
        for _ in range(20):
            found = own_acls(ec2, subnet_id)
            if found:
                break
            time.sleep(1)
        else:
            raise RuntimeError(f"the network ACL {created} does not show within 20 seconds")
    # A new network ACL has no entry but the last, and denies everything. What was put in since has to go.
    for entry in found[0]["Entries"]:
        if entry["RuleNumber"] < LAST_RULE:
            ec2.delete_network_acl_entry(
                NetworkAclId=found[0]["NetworkAclId"], RuleNumber=entry["RuleNumber"], Egress=entry["Egress"]
            )
    return {"acl_id": found[0]["NetworkAclId"]}


def give(ec2, subnet_id, acl_id):
    acl = acl_of(ec2, subnet_id)
    if acl["NetworkAclId"] != acl_id:
        association = next(one for one in acl["Associations"] if one["SubnetId"] == subnet_id)
        # A replaced association is a new one: asked again, EC2 does not know the old one any more.
        unless_done(
            lambda: ec2.replace_network_acl_association(
                AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl_id
            ),
            lambda: acl_of(ec2, subnet_id)["NetworkAclId"] == acl_id,
        )


def close_subnet(run):
    give(boto3.client("ec2"), run["target"], run["acl_id"])


def restore_acl(run):
    ec2 = boto3.client("ec2")
    own = [acl["NetworkAclId"] for acl in own_acls(ec2, run["target"])]
    # Who gave the subnet another one meanwhile had a reason: that one stays, and the observation shows it.
    if acl_of(ec2, run["target"])["NetworkAclId"] in own:
        give(ec2, run["target"], run["before"]["acl_id"])


def delete_acls(run):
    ec2 = boto3.client("ec2")
    for attempt in range(20):
        left = own_acls(ec2, run["target"])
        if not left:
            return
        try:
            for acl in left:
                ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        except ec2.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            # For a moment after the replacement EC2 still counts it as associated, or shows it after it was deleted.
            if attempt == 19 or code not in ("DependencyViolation", "InvalidNetworkAclID.NotFound"):
                raise
        time.sleep(1)


def calls(run, state):
    made = "a network ACL without entries, which denies everything"
    change = f"{state['acl_id']} -> the network ACL without entries"
    return [
        {"call": "ec2:CreateNetworkAcl", "on": state["vpc_id"], "change": made},
        {"call": "ec2:ReplaceNetworkAclAssociation", "on": run["target"], "change": change},
    ]


def some(kind, names):
    """A sentence about at most 20 of them."""
    found = sorted(set(names))
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    return [f"{len(found)} {kind}: {', '.join(found[:20])}{more}"] if found else []


def impact(run, state):
    """What is in the subnet."""
    ec2, elbv2, elb = boto3.client("ec2"), boto3.client("elbv2"), boto3.client("elb")
    in_subnet = [{"Name": "subnet-id", "Values": [run["target"]]}]
    pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=in_subnet)
    interfaces = [interface for page in pages for interface in page["NetworkInterfaces"]]
    instances = {one["NetworkInterfaceId"]: one.get("Attachment", {}).get("InstanceId") for one in interfaces}
    balancers = [
        f"{one['LoadBalancerName']} ({one['DNSName']})"
        for page in elbv2.get_paginator("describe_load_balancers").paginate()
        for one in page["LoadBalancers"]
        if any(zone.get("SubnetId") == run["target"] for zone in one.get("AvailabilityZones", []))
    ]
    balancers += [
        f"{one['LoadBalancerName']} ({one['DNSName']})"
        for page in elb.get_paginator("describe_load_balancers").paginate()
        for one in page["LoadBalancerDescriptions"]
        if run["target"] in one.get("Subnets", [])
    ]
    others = [
        f"{one['NetworkInterfaceId']} ({one.get('Description') or one.get('InterfaceType', 'interface')})"
        for one in interfaces
        if not instances[one["NetworkInterfaceId"]]
    ]
    said = some("instances", [instance for instance in instances.values() if instance])
    return said + some("load balancers", balancers) + some("interfaces of other services", others)
