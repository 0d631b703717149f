"""A snapshot of a volume, shared or not."""

from targets import Target


class VolumeSnapshot(Target):
    """A snapshot of a volume, shared or not."""

    action = "unshare-snapshot"
    kinds = {
        "public and shared": {"public": True, "accounts": ["444455556666", "777788889999"]},
        "shared": {"accounts": ["444455556666"]},
        "private": {},
    }

    def __init__(self, aws, public=False, accounts=()):
        self.ec2 = aws.client("ec2")
        volume = self.ec2.create_volume(Size=1, AvailabilityZone=f"{aws.region}a")["VolumeId"]
        self.id = self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        added = [{"UserId": account} for account in accounts] + [{"Group": "all"}] * public
        for one in added:
            kind = "GroupNames" if "Group" in one else "UserIds"
            self.ec2.modify_snapshot_attribute(
                SnapshotId=self.id, Attribute="createVolumePermission", OperationType="add", **{kind: list(one.values())}
            )

    def everything(self) -> dict:
        found = self.ec2.describe_snapshot_attribute(SnapshotId=self.id, Attribute="createVolumePermission")
        return {
            "snapshot": self.ec2.describe_snapshots(SnapshotIds=[self.id])["Snapshots"],
            "permissions": sorted(found["CreateVolumePermissions"], key=str),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now == {**found, "permissions": []}
        assert observation == {"target": self.id, "groups": [], "accounts": []}
