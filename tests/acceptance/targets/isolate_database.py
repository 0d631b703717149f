"""A database in a VPC with IPv6: an instance alone, or a cluster with two instances."""

from targets import Target, unique

LOGIN = {"MasterUsername": "shop", "MasterUserPassword": "not-a-secret-1"}


class Database(Target):
    """A database in a VPC with IPv6: an instance alone, or a cluster with two instances."""

    action = "isolate-database"
    kinds = {
        "an instance": {"public": True},
        "an instance, protected": {"public": False, "protected": True},
        "an instance of a cluster": {"in_cluster": True, "public": True},
        "a cluster": {"in_cluster": True, "by_cluster": True, "public": False},
    }

    def __init__(self, aws, public=False, protected=False, in_cluster=False, by_cluster=False):
        self.ec2, self.rds = aws.client("ec2"), aws.client("rds")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.2.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        worn = {"VpcSecurityGroupIds": [self.make_group(name) for name in ("shop", "reports")], "DeletionProtection": protected}
        self.cluster = unique("orders") if in_cluster else None
        self.instances = [unique("orders") for _ in range(2 if in_cluster else 1)]
        self.name = self.cluster or self.instances[0]
        self.id = self.cluster if by_cluster else self.instances[0]
        if in_cluster:
            self.rds.create_db_cluster(DBClusterIdentifier=self.cluster, Engine="aurora-postgresql", **LOGIN, **worn)
        for name in self.instances:
            alone = {"AllocatedStorage": 20, "Engine": "postgres", **LOGIN, **worn}
            member = {"DBClusterIdentifier": self.cluster, "Engine": "aurora-postgresql"}
            self.rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.r6g.large",
                PubliclyAccessible=public and name == self.instances[0],
                **(member if in_cluster else alone),
            )

    def make_group(self, name: str) -> str:
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=5432, ToPort=5432, CidrIp="10.2.1.0/24"
        )
        return group

    def groups(self) -> dict[str, dict]:
        found = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["SecurityGroups"]
        return {group["GroupName"]: group for group in found}

    def described(self) -> dict:
        """What holds the groups: the cluster, or the instance."""
        if self.cluster:
            return self.rds.describe_db_clusters(DBClusterIdentifier=self.cluster)["DBClusters"][0]
        return self.rds.describe_db_instances(DBInstanceIdentifier=self.name)["DBInstances"][0]

    def members(self) -> dict[str, dict]:
        return {name: self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in self.instances}

    def everything(self) -> dict:
        found = {"database": self.described(), "members": self.members(), "groups": self.groups()}
        for one in (found["database"], *found["members"].values()):
            # It moves with the clock.
            one.pop("LatestRestorableTime", None)
            one["VpcSecurityGroups"] = sorted(one["VpcSecurityGroups"], key=lambda group: group["VpcSecurityGroupId"])
        return found

    def assert_contained(self, found: dict, observation: dict) -> None:
        isolation = self.groups()[f"tocsin-isolation-{self.name}"]
        assert (isolation["IpPermissions"], isolation["IpPermissionsEgress"]) == ([], [])
        now = self.described()
        assert now["VpcSecurityGroups"] == [{"VpcSecurityGroupId": isolation["GroupId"], "Status": "active"}]
        assert now["DeletionProtection"] is True
        assert [one["PubliclyAccessible"] for one in self.members().values()] == [False] * len(self.instances)
        assert observation == {
            "target": self.id,
            "kind": "cluster" if self.cluster else "instance",
            "name": self.name,
            "vpc_id": self.vpc,
            "security_groups": [isolation["GroupId"]],
            "changing": [],
            "publicly_accessible": dict.fromkeys(self.instances, False),
            "deletion_protection": True,
            "own_groups": [isolation["GroupId"]],
            "closed_groups": [isolation["GroupId"]],
        }
