"""What the scripts of actions that isolate by a security group of their own share."""

import time


def groups_named(ec2, vpc_id, names):
    made = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": names}]
    return ec2.describe_security_groups(Filters=made)["SecurityGroups"]


def ensure_group(ec2, run, vpc_id, name, description):
    """The group of this name, which is made where there is none."""
    found = groups_named(ec2, vpc_id, [name])
    if found:
        return found[0]
    tags = [{"Key": "tocsin:incident", "Value": run["incident"]}]
    try:
        ec2.create_security_group(
            GroupName=name,
            Description=description,
            VpcId=vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )
    except ec2.exceptions.ClientError as error:
        # Made by a request whose answer was lost, or by another run.
        if error.response["Error"]["Code"] != "InvalidGroup.Duplicate":
            raise
    # EC2 does not show a new group everywhere at once.
    for _ in range(20):
        found = groups_named(ec2, vpc_id, [name])
        if found:
            return found[0]
        time.sleep(1)
    raise RuntimeError(f"the security group {name} does not show within 20 seconds")


def rules_left(ec2, group_id, direction):
    return ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0][direction]


def close_group(ec2, group):
    """Takes away every rule, IPv4 and IPv6: a new group is not closed, but lets everything out."""
    name, ways_in, ways_out = group["GroupId"], group["IpPermissions"], group["IpPermissionsEgress"]
    # Outside a default VPC it is an error to revoke a rule that is gone.
    if ways_in:
        unless_done(
            lambda: ec2.revoke_security_group_ingress(GroupId=name, IpPermissions=ways_in),
            lambda: not rules_left(ec2, name, "IpPermissions"),
        )
    if ways_out:
        unless_done(
            lambda: ec2.revoke_security_group_egress(GroupId=name, IpPermissions=ways_out),
            lambda: not rules_left(ec2, name, "IpPermissionsEgress"),
        )
