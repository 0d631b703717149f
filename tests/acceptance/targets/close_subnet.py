"""A subnet with an instance and a load balancer, beside another one, under the VPC's network ACL or one of its own."""

from targets import Target, unique, without


class Subnet(Target):
    """A subnet with an instance and a load balancer, beside another one, under the VPC's network ACL or one of its own."""

    action = "close-subnet"
    kinds = {"with the VPC's network ACL": {}, "with a network ACL of its own": {"has_own_acl": True}}

    def __init__(self, aws, has_own_acl=False):
        self.ec2, self.elbv2, self.elb = (aws.client(name) for name in ("ec2", "elbv2", "elb"))
        self.vpc = self.ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
        self.id, self.other = (
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.3.{number}.0/24", AvailabilityZone=f"{aws.region}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in ((1, "a"), (2, "b"))
        )
        launched = self.ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=self.id)
        self.instance = launched["Instances"][0]["InstanceId"]
        if has_own_acl:
            acl = self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
            self.ec2.create_network_acl_entry(
                NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/8"
            )
            self.ec2.replace_network_acl_association(AssociationId=self.association()[1], NetworkAclId=acl)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.balancer = unique("s")
        self.elbv2.create_load_balancer(Name=self.balancer, Subnets=[self.id, self.other])
        self.classic = unique("c")
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
        self.elb.create_load_balancer(LoadBalancerName=self.classic, Listeners=[listener], Subnets=[self.id])

    def association(self) -> tuple[str, str]:
        """(network ACL, association)"""
        (acl,) = self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [self.id]}])["NetworkAcls"]
        (found,) = [one["NetworkAclAssociationId"] for one in acl["Associations"] if one["SubnetId"] == self.id]
        return acl["NetworkAclId"], found

    def acls(self) -> dict[str, dict]:
        found = self.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkAcls"]
        return {acl["NetworkAclId"]: acl for acl in found}

    def everything(self) -> dict:
        """Replacing a network ACL makes a new association, on AWS too: its id is left out."""
        acls = self.acls()
        return {
            "acls": {name: without(acl, "Associations") for name, acl in acls.items()},
            "subnets": {name: sorted(one["SubnetId"] for one in acl["Associations"]) for name, acl in acls.items()},
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        (made,) = set(now["acls"]) - set(found["acls"])
        assert now["subnets"][made] == [self.id]
        assert {entry["RuleAction"] for entry in now["acls"][made]["Entries"]} == {"deny"}
        assert {name: acl for name, acl in now["acls"].items() if name != made} == found["acls"]
        others = {name: [one for one in subnets if one != self.id] for name, subnets in found["subnets"].items()}
        assert {name: subnets for name, subnets in now["subnets"].items() if name != made} == others
        assert observation == {
            "target": self.id,
            "vpc_id": self.vpc,
            "acl_id": made,
            "acl_is_own": True,
            "allowing_entries": 0,
            "own_acls": [made],
        }
