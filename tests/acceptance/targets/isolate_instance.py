"""An instance with two interfaces that wear different groups, in a VPC of its own, alone or at work in a shop."""

from targets import Target, trust, unique, without

PROTECTED = {"DisableApiTermination": True, "DisableApiStop": True, "InstanceInitiatedShutdownBehavior": "stop"}


class Instance(Target):
    """An instance with two interfaces that wear different groups, in a VPC of its own."""

    action = "isolate-instance"
    kinds = {
        "in a shop": {"min_size": 1},
        "bare": {"has_profile": False, "has_ipv6": False},
        "in a group with room, protected": {"min_size": 0, "is_protected": True},
    }

    def __init__(self, aws, has_profile=True, has_ipv6=True, min_size=None, is_protected=False):
        self.aws, self.ec2 = aws, aws.client("ec2")
        self.elb, self.elbv2, self.autoscaling = (aws.client(name) for name in ("elb", "elbv2", "autoscaling"))
        self.group = self.balancer = None
        self.target_groups: list[str] = []
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
        if is_protected:
            for name in ("DisableApiTermination", "DisableApiStop"):
                self.ec2.modify_instance_attribute(InstanceId=self.id, **{name: {"Value": True}})
        else:
            terminate = {"Value": "terminate"}
            self.ec2.modify_instance_attribute(InstanceId=self.id, InstanceInitiatedShutdownBehavior=terminate)
        self.keep_root(is_protected)
        if min_size is not None:
            self.serve(second["PrivateIpAddress"])
            self.join_group(min_size)

    def keep_root(self, keep: bool) -> None:
        instance = self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]
        (mapping,) = instance["BlockDeviceMappings"]
        changed = {"DeviceName": mapping["DeviceName"], "Ebs": {"DeleteOnTermination": not keep}}
        self.ec2.modify_instance_attribute(InstanceId=self.id, BlockDeviceMappings=[changed])

    def serve(self, address: str) -> None:
        """Two load balancers lead to it: one by its id under two ports and by an address of it, and a classic one."""
        name = unique("s")
        zone = f"{self.aws.region}b"
        second = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.1.2.0/24", AvailabilityZone=zone)["Subnet"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        made = self.elbv2.create_load_balancer(Name=name, Subnets=[self.subnet, second["SubnetId"]])["LoadBalancers"][0]
        for kind in ("instance", "ip"):
            group = self.elbv2.create_target_group(
                Name=f"{name}-{kind}", Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType=kind
            )
            self.target_groups.append(group["TargetGroups"][0]["TargetGroupArn"])
        by_id, by_address = self.target_groups
        self.elbv2.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": by_id}],
        )
        self.elbv2.register_targets(TargetGroupArn=by_id, Targets=[{"Id": self.id, "Port": port} for port in (8080, 8081)])
        other = {"Id": "10.1.2.250", "Port": 8080}
        own = {"Id": address, "Port": 8080, "AvailabilityZone": f"{self.aws.region}a"}
        self.elbv2.register_targets(TargetGroupArn=by_address, Targets=[own, other])
        self.balancer = name
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
        self.elb.create_load_balancer(LoadBalancerName=name, Listeners=[listener], Subnets=[self.subnet])
        self.elb.register_instances_with_load_balancer(LoadBalancerName=name, Instances=[{"InstanceId": self.id}])

    def join_group(self, min_size: int) -> None:
        self.group = unique("shop")
        self.ec2.create_launch_template(
            LaunchTemplateName=self.group, LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
        )
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=self.group,
            LaunchTemplate={"LaunchTemplateName": self.group},
            MinSize=0,
            MaxSize=1,
            VPCZoneIdentifier=self.subnet,
        )
        self.autoscaling.attach_instances(InstanceIds=[self.id], AutoScalingGroupName=self.group)
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=self.group, MinSize=min_size)

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

    def scaling(self) -> dict | None:
        if self.group is None:
            return None
        return self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"][0]

    def targets(self) -> dict[str, list[dict]]:
        """Registered targets. One that drains is on its way out."""
        return {
            group: sorted(
                (
                    one["Target"]
                    for one in self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
                    if one["TargetHealth"]["State"] != "draining"
                ),
                key=str,
            )
            for group in self.target_groups
        }

    def classic(self) -> dict | None:
        if self.balancer is None:
            return None
        return self.elb.describe_load_balancers(LoadBalancerNames=[self.balancer])["LoadBalancerDescriptions"][0]

    def attribute(self, name: str):
        found = self.ec2.describe_instance_attribute(InstanceId=self.id, Attribute=name[0].lower() + name[1:])
        return found[name]["Value"]

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
            "scaling": self.scaling(),
            "targets": self.targets(),
            "classic": self.classic(),
            "protection": {name: self.attribute(name) for name in PROTECTED},
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
        now = self.everything()
        if self.group is not None:
            assert [one["LifecycleState"] for one in now["scaling"]["Instances"]] == ["Standby"]
            assert (now["scaling"]["DesiredCapacity"], now["scaling"]["MinSize"], now["scaling"]["MaxSize"]) == (0, 0, 1)
            others = [[], [{"Id": "10.1.2.250", "Port": 8080}]]
            assert list(now["targets"].values()) == others
            assert now["classic"]["Instances"] == []
        assert now["protection"] == PROTECTED
        mappings = {one["DeviceName"]: one["Ebs"]["DeleteOnTermination"] for one in now["instance"]["BlockDeviceMappings"]}
        assert set(mappings.values()) == {False}
        assert observation == {
            "target": self.id,
            "vpc_ids": [self.vpc],
            "interfaces": self.interfaces(),
            "left_alone": [],
            "own_groups": {isolation["GroupId"]: {"name": isolation["GroupName"], "rules": 0}},
            "closed_groups": [isolation["GroupId"]],
            "profile_arn": self.profile_arn(),
            "auto_scaling": {"group": self.group, "standby": True, "min_size": 0} if self.group else None,
            "target_groups": [],
            "load_balancers": [],
            "protection": PROTECTED,
            "delete_on_termination": mappings,
        }
