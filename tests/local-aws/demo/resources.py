"""Makes the resources that a finding names, so that there is something to contain and to preserve."""

import json

import botocore.exceptions

from demo import shop, stack


def make(aws, entities: list[dict]) -> list[str]:
    """Make what the actions and the evidence are about; answers a line on each. Other kinds need nothing here."""
    named = {}
    for entity in entities:
        named.setdefault(entity["kind"], {})[entity["id"]] = entity
    roles = sorted(named.get("role", {}))
    makers = [("role", make_role), ("user", make_user), ("bucket", make_bucket)]
    lines = [attempt(kind, identifier, maker, aws) for kind, maker in makers for identifier in sorted(named.get(kind, {}))]
    profile = f"{roles[0]}-profile" if roles else None
    for identifier in sorted(named.get("instance", {})):
        lines.append(attempt("instance", identifier, lambda aws, name: make_instance(aws, name, profile), aws))
    return lines


def attempt(kind: str, identifier: str, maker, aws) -> str:
    try:
        maker(aws, identifier)
    except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError, ValueError) as error:
        # A finding from a text book names things that cannot exist. The response has to cope with that as well.
        return f"{kind} {identifier}: cannot exist in an account ({first_line(error)})"
    return f"{kind} {identifier}: made"


def first_line(error: Exception) -> str:
    """What is wrong, without the rule that it breaks, which can be a screen long."""
    lines = [line.strip() for line in str(error).splitlines() if not line.startswith("Parameter validation failed")]
    return (lines or [type(error).__name__])[0].partition(": Bucket name must")[0]


def make_role(aws, name: str) -> None:
    shop.make_role(aws, name)


def make_user(aws, name: str) -> None:
    aws.client("iam").create_user(UserName=name)


def make_bucket(aws, name: str) -> None:
    shop.make_bucket(aws, name)
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="orders/2026.csv", Body=b"order,total\n1,20\n")
    allow = {"Sid": "Own", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    statement = {**allow, "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def make_instance(aws, identifier: str, profile: str | None) -> None:
    """An instance under the id that the finding gives, with two interfaces."""
    if profile is None:
        profile = "finding-instance-profile"
        iam = aws.client("iam")
        try:
            iam.get_instance_profile(InstanceProfileName=profile)
        except iam.exceptions.NoSuchEntityException:
            iam.create_role(RoleName="finding-instance", AssumeRolePolicyDocument=stack.trust("ec2.amazonaws.com"))
            iam.create_instance_profile(InstanceProfileName=profile)
            iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName="finding-instance")
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.1.0/24")["Subnet"]["SubnetId"]
    group = shop.make_group(ec2, vpc, "found", 443)
    aws.control("POST", "/next-instance-id", {"id": identifier})
    ec2.run_instances(
        ImageId=shop.IMAGE,
        InstanceType="m5.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        IamInstanceProfile={"Name": profile},
    )
    second = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=second, InstanceId=identifier, DeviceIndex=1)
