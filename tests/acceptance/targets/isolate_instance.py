"""An instance with two interfaces that wear different groups, in a VPC of its own."""

from targets import Target, trust, unique, without


class Instance(Target):
    """An instance with two interfaces that wear different groups, in a VPC of its own."""

    action = "isolate-instance"
    kinds = {"with a profile": {}, "without a profile": {"has_profile": False}, "without IPv6": {"has_ipv6": False}}

    def __init__(self, aws, has_profile=True, has_ipv6=True):
        self.aws, self.ec2 = aws, aws.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=has_ipv6)["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        web, ssh, data = (self.make_group(name) for name in ("web", "ssh", "data"))
        self.profile = unique("checkout") if has_profile else None
        request = {"IamInstanceProfile": {"Name": self.make_profile()}} if has_profile else {}
        launched = self.ec2.run_instances(
            ImageId="ami-12c6146b",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnet,
            SecurityGroupIds=[web, ssh],
            **request,
        )
        self.id = launched["Instances"][0]["InstanceId"]
        second = self.ec2.create_network_interface(SubnetId=self.subnet, Groups=[data])["NetworkInterface"]
        self.ec2.attach_network_interface(NetworkInterfaceId=second["NetworkInterfaceId"], InstanceId=self.id, DeviceIndex=1)

    def make_group(self, name: str) -> str:
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8"
        )
        return group

    def make_profile(self) -> str:
        iam = self.aws.client("iam")
        iam.create_role(RoleName=self.profile, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        iam.create_instance_profile(InstanceProfileName=self.profile)
        iam.add_role_to_instance_profile(InstanceProfileName=self.profile, RoleName=self.profile)
        return self.profile

    def interfaces(self) -> dict[str, list[str]]:
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [self.id]}])
        return {i["NetworkInterfaceId"]: sorted(group["GroupId"] for group in i["Groups"]) for i in found["NetworkInterfaces"]}

    def groups(self) -> dict[str, dict]:
        found = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["SecurityGroups"]
        return {group["GroupName"]: group for group in found}

    def profile_arn(self) -> str | None:
        found = self.ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [self.id]}])
        return next((one["IamInstanceProfile"]["Arn"] for one in found["IamInstanceProfileAssociations"]), None)

    def everything(self) -> dict:
        """The account around the instance. Replacing a profile makes a new association, on AWS too: its id is left out."""
        described = self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]
        described["IamInstanceProfile"] = described.get("IamInstanceProfile", {}).get("Arn")
        described["SecurityGroups"] = sorted(group["GroupId"] for group in described["SecurityGroups"])
        nested = sorted(described.pop("NetworkInterfaces"), key=lambda interface: interface["NetworkInterfaceId"])
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkInterfaces"]
        return {
            "instance": described,
            "nested": [without(interface, "Groups") for interface in nested],
            "interfaces": {i["NetworkInterfaceId"]: without(i, "Groups") for i in found},
            "worn": self.interfaces(),
            "groups": self.groups(),
            "profile": self.profile_arn(),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        isolation = self.groups()[f"tocsin-isolation-{self.id}"]
        assert isolation["IpPermissions"] == []
        assert isolation["IpPermissionsEgress"] == []
        assert f"tocsin-transit-{self.id}" not in self.groups()
        assert len(self.interfaces()) == 2
        assert all(groups == [isolation["GroupId"]] for groups in self.interfaces().values())
        quarantine = f"arn:aws:iam::{self.aws.account}:instance-profile/Tocsin-Quarantine"
        assert self.profile_arn() == (quarantine if found["profile"] else None)
        assert observation == {
            "target": self.id,
            "vpc_ids": [self.vpc],
            "interfaces": self.interfaces(),
            "left_alone": [],
            "own_groups": {isolation["GroupId"]: {"name": isolation["GroupName"], "rules": 0}},
            "closed_groups": [isolation["GroupId"]],
            "profile_arn": self.profile_arn(),
        }
