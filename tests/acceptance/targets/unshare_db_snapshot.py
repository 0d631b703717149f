"""A snapshot of an RDS instance or of a cluster, shared or not."""

from targets import Target, unique


class DatabaseSnapshot(Target):
    """A snapshot of an RDS instance or of a cluster, shared or not."""

    action = "unshare-db-snapshot"
    kinds = {
        "of an instance, public and shared": {"shared_with": ["all", "444455556666"]},
        "of a cluster, shared": {"is_cluster": True, "shared_with": ["444455556666", "777788889999"]},
        "of an instance, private": {},
    }

    def __init__(self, aws, is_cluster=False, shared_with=()):
        self.rds, self.id, self.is_cluster = aws.client("rds"), unique("orders"), is_cluster
        name = unique("shop")
        login = {"MasterUsername": "shop", "MasterUserPassword": "not-a-secret-1"}
        if is_cluster:
            self.rds.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", **login)
            self.rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=self.id, DBClusterIdentifier=name)
        else:
            self.rds.create_db_instance(
                DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20, **login
            )
            self.rds.create_db_snapshot(DBSnapshotIdentifier=self.id, DBInstanceIdentifier=name)
        if shared_with and is_cluster:
            self.rds.modify_db_cluster_snapshot_attribute(
                DBClusterSnapshotIdentifier=self.id, AttributeName="restore", ValuesToAdd=shared_with
            )
        elif shared_with:
            self.rds.modify_db_snapshot_attribute(
                DBSnapshotIdentifier=self.id, AttributeName="restore", ValuesToAdd=shared_with
            )

    def shares(self) -> list[str]:
        if self.is_cluster:
            found = self.rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=self.id)
            attributes = found["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
        else:
            found = self.rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=self.id)
            attributes = found["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
        return sorted(value for one in attributes for value in one["AttributeValues"])

    def everything(self) -> dict:
        if self.is_cluster:
            snapshots = self.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=self.id)["DBClusterSnapshots"]
        else:
            snapshots = self.rds.describe_db_snapshots(DBSnapshotIdentifier=self.id)["DBSnapshots"]
        return {"snapshots": snapshots, "shares": self.shares()}

    def assert_contained(self, found: dict, observation: dict) -> None:
        assert self.everything() == {**found, "shares": []}
        kind = "cluster" if self.is_cluster else "instance"
        assert observation == {"target": self.id, "kind": kind, "shared_with": []}
