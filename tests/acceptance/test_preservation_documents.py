"""The documents that preserve, on the local AWS, in two accounts: a member's and the one that holds the evidence.

What rests on what the local AWS fakes: no volume has content, a snapshot is pending for 0.2 s, and no policy is enforced.
"""

import dataclasses
import json
import time

import pytest
from automation_runs import INCIDENT, Documents, render
from demo import places, stack

MEMBER, EVIDENCE = stack.MEMBER, "999988887777"
INSTANCE_REGION, VAULT_REGION = "us-west-2", "eu-central-1"


@pytest.fixture(scope="module")
def accounts(actions_aws):
    """Both accounts with the member template; the evidence account's in the region of the vault."""
    parameters = {**stack.member_parameters(actions_aws), "EvidenceAccountId": EVIDENCE}
    template = places.REPOSITORY / "infra/member.yaml"
    for account, region in ((MEMBER, VAULT_REGION), (MEMBER, INSTANCE_REGION), (EVIDENCE, VAULT_REGION)):
        actions_aws.deploy("tocsin-member", template, parameters, account=account, region=region)
    key = actions_aws.client("kms", account=EVIDENCE, region=VAULT_REGION).create_key()["KeyMetadata"]["Arn"]
    return Accounts(actions_aws, key)


@dataclasses.dataclass(frozen=True)
class Accounts:
    aws: object
    key: str

    def client(self, service: str, account: str = MEMBER, region: str = INSTANCE_REGION):
        return self.aws.client(service, account=account, region=region)

    def instance(self, volumes: int = 2, region: str = INSTANCE_REGION, kind: str = "m5.large") -> str:
        """One with this many volumes."""
        ec2 = self.client("ec2", region=region)
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType=kind)["Instances"][0]
        for number in range(1, volumes):
            volume = ec2.create_volume(Size=1, AvailabilityZone=made["Placement"]["AvailabilityZone"])["VolumeId"]
            ec2.attach_volume(VolumeId=volume, InstanceId=made["InstanceId"], Device=f"/dev/sd{'fghij'[number]}")
        return made["InstanceId"]

    def run(self, document: str, attempt: int, account: str = MEMBER, region: str = INSTANCE_REGION, **given) -> dict:
        """The answer of one attempt."""
        role = f"arn:aws:iam::{account}:role/{document}"
        run = Documents(self.aws.at(account, region)).start(
            document, {"AutomationAssumeRole": role, "IncidentId": INCIDENT, "Attempt": str(attempt), **given}
        )
        assert run.status == "Success", run.failure
        return run.output("Preserve.Answer")

    def snapshot(self, instance: str, attempt: int, region: str = INSTANCE_REGION, **given) -> dict:
        evidence = {"EvidenceAccountId": EVIDENCE, "VaultRegion": VAULT_REGION, "KmsKeyArn": self.key}
        found = {name: value for name, value in {**evidence, **given}.items() if value}
        return self.run("Tocsin-SnapshotVolumes", attempt, region=region, InstanceId=instance, **found)

    def receive(self, instance: str, attempt: int, snapshots: list[dict], **given) -> dict:
        named = [f"{one['copy_id']}/{one['volume_id']}" for one in snapshots]
        found = {"InstanceId": instance, "SourceAccountId": MEMBER, "Snapshots": named, "KmsKeyArn": self.key, **given}
        return self.run("Tocsin-ReceiveSnapshots", attempt, EVIDENCE, VAULT_REGION, **found)

    def snapshots(self, instance: str, account: str = MEMBER, region: str = INSTANCE_REGION) -> list[dict]:
        filters = [{"Name": "tag:tocsin:instance", "Values": [instance]}]
        return self.client("ec2", account, region).describe_snapshots(Filters=filters)["Snapshots"]

    def key_denied(self) -> str:
        """A key of the evidence account that was disabled by somebody."""
        kms = self.client("kms", EVIDENCE, VAULT_REGION)
        key = kms.create_key()["KeyMetadata"]["Arn"]
        kms.disable_key(KeyId=key)
        return key


def until_done(attempt, tries: int = 12) -> tuple[dict, int]:
    """The last answer, and how many attempts it took."""
    for number in range(1, tries + 1):
        answer = attempt(number)
        if answer["state"] == "done":
            return answer, number
        assert answer["state"] == "waiting"
        time.sleep(0.1)
    raise AssertionError(f"not done after {tries} attempts: {answer}")


def tags(snapshot: dict) -> dict:
    return {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}


def test_all_volumes_reach_the_evidence_account(accounts):
    instance = accounts.instance(volumes=3)
    first = accounts.snapshot(instance, 1)
    assert (first["state"], len(first["snapshots"])) == ("waiting", 3)
    answer, _ = until_done(lambda number: accounts.snapshot(instance, number + 1))
    assert answer["gaps"] == []
    sources = accounts.snapshots(instance)
    assert {one["snapshot_id"] for one in answer["snapshots"]} == {one["SnapshotId"] for one in sources}
    assert len({one["volume_id"] for one in answer["snapshots"]}) == 3
    calls = accounts.aws.calls("automation", "Tocsin-SnapshotVolumes")
    # One call for all of them, so that they are of one moment.
    made = [one for one in calls if one["operation"] == "CreateSnapshots" and instance in one["parameters"].values()]
    assert len(made) == 1
    copies = accounts.snapshots(instance, region=VAULT_REGION)
    assert {one["SnapshotId"] for one in copies} == {one["copy_id"] for one in answer["snapshots"]}
    ec2 = accounts.client("ec2", region=VAULT_REGION)
    for copy in copies:
        assert (copy["Encrypted"], copy["KmsKeyId"]) == (True, accounts.key)
        source = next(one for one in answer["snapshots"] if one["copy_id"] == copy["SnapshotId"])
        assert tags(copy) == {
            "tocsin:incident": INCIDENT,
            "tocsin:instance": instance,
            "tocsin:source-snapshot": source["snapshot_id"],
            "tocsin:volume": source["volume_id"],
        }
        found = ec2.describe_snapshot_attribute(SnapshotId=copy["SnapshotId"], Attribute="createVolumePermission")
        assert found["CreateVolumePermissions"] == [{"UserId": EVIDENCE}]

    received, _ = until_done(lambda number: accounts.receive(instance, number, answer["snapshots"]))
    assert received["gaps"] == []
    own = accounts.snapshots(instance, EVIDENCE, VAULT_REGION)
    assert {one["SnapshotId"] for one in own} == {one["snapshot_id"] for one in received["snapshots"]}
    assert {one["OwnerId"] for one in own} == {EVIDENCE}
    assert {(one["Encrypted"], one["KmsKeyId"]) for one in own} == {(True, accounts.key)}
    assert {tags(one)["tocsin:volume"] for one in own} == {one["volume_id"] for one in answer["snapshots"]}
    assert {tags(one)["tocsin:source-account"] for one in own} == {MEMBER}
    # Everything that was there, and nothing more, after a repeat.
    again = accounts.snapshot(instance, 90), accounts.receive(instance, 90, answer["snapshots"])
    assert again == (answer, received)
    assert len(accounts.snapshots(instance)) == len(accounts.snapshots(instance, region=VAULT_REGION)) == 3
    assert len(accounts.snapshots(instance, EVIDENCE, VAULT_REGION)) == 3


def test_instance_in_the_region_of_the_vault(accounts):
    instance = accounts.instance(region=VAULT_REGION)
    answer, _ = until_done(lambda number: accounts.snapshot(instance, number, region=VAULT_REGION))
    assert (len(answer["snapshots"]), answer["gaps"]) == (2, [])
    # Sources and copies lie beside each other, and none is taken for the other.
    assert len(accounts.snapshots(instance, region=VAULT_REGION)) == 4
    assert all(one["shared"] for one in answer["snapshots"])


def test_without_an_evidence_account_they_stay_and_that_is_a_gap(accounts):
    instance = accounts.instance()
    answer, _ = until_done(lambda number: accounts.snapshot(instance, number, EvidenceAccountId="", VaultRegion="", KmsKeyArn=""))
    assert [one["state"] for one in answer["snapshots"]] == ["completed"] * 2
    assert answer["gaps"] == [{"about": instance, "reason": "its snapshots stay in its own account: no evidence account is set"}]


def test_instance_store_is_a_gap(accounts):
    instance = accounts.instance(kind="m5d.large")
    answer, _ = until_done(lambda number: accounts.snapshot(instance, number))
    assert len(answer["snapshots"]) == 2
    (gap,) = answer["gaps"]
    assert gap["about"] == instance
    assert "no snapshot can be taken of its instance store (75 GB)" in gap["reason"]


def test_instance_that_is_gone_is_a_gap(accounts):
    answer, tries = until_done(lambda number: accounts.snapshot("i-0123456789abcdef0", number))
    assert (tries, answer["snapshots"]) == (1, [])
    assert [gap["reason"].split(":")[0] for gap in answer["gaps"]] == ["there is no such instance here", "InvalidInstanceID.NotFound"]


def test_key_that_is_denied_is_a_gap_after_two_tries(accounts):
    """EC2 takes the request and fails the copy later."""
    instance, key = accounts.instance(volumes=1), accounts.key_denied()
    answer, _ = until_done(lambda number: accounts.snapshot(instance, number, KmsKeyArn=key))
    assert [(one["state"], one["shared"]) for one in answer["snapshots"]] == [("completed", False)]
    (gap,) = answer["gaps"]
    assert gap == {"about": answer["snapshots"][0]["snapshot_id"], "reason": "its copy failed: Given key ID is not accessible"}
    assert len(accounts.snapshots(instance, region=VAULT_REGION)) == 2


@pytest.mark.parametrize("code", ["InvalidParameterValue", "KMS.AccessDeniedException", "UnauthorizedOperation"])
def test_refused_copy_is_a_gap_with_the_code(accounts, code):
    instance = accounts.instance(volumes=1)
    until_completed(accounts, instance)
    accounts.aws.control("POST", "/api-fault", {"service": "ec2", "operation": "CopySnapshot", "code": code, "times": 1})
    answer = accounts.snapshot(instance, 2)
    assert (answer["state"], [gap["reason"].split(":")[0] for gap in answer["gaps"]]) == ("done", [code])


def until_completed(accounts, instance: str) -> None:
    accounts.snapshot(instance, 1)
    while any(one["State"] == "pending" for one in accounts.snapshots(instance)):
        time.sleep(0.05)


def test_copy_that_nobody_shared_is_a_gap(accounts):
    instance = accounts.instance(volumes=1)
    until_completed(accounts, instance)
    volume = accounts.snapshots(instance)[0]["VolumeId"]
    named = [{"copy_id": "snap-0123456789abcdef0", "volume_id": volume}]
    answer, _ = until_done(lambda number: accounts.receive(instance, number, named))
    assert (answer["snapshots"], answer["gaps"][0]["about"]) == ([], "snap-0123456789abcdef0")
    assert answer["gaps"][0]["reason"].startswith("InvalidSnapshot.NotFound")


@pytest.mark.parametrize("operation", ["CreateSnapshots", "CopySnapshot", "ModifySnapshotAttribute"])
def test_answer_that_was_lost_makes_no_duplicate(accounts, operation):
    """The SDK would ask again, and AWS has no token by which it knows the request."""
    instance = accounts.instance()
    accounts.aws.disturb([f"ec2:{operation}"], schedule=["dropped-after", "dropped-after"], principals=["automation"])
    try:
        answer, _ = until_done(lambda number: accounts.snapshot(instance, number))
        assert accounts.aws.disturbances()["dropped-after"] == (2 if operation == "CopySnapshot" else 1) or operation == "ModifySnapshotAttribute"
    finally:
        accounts.aws.clear_faults()
    assert (len(answer["snapshots"]), answer["gaps"], "doubled" in answer) == (2, [], False)
    assert len(accounts.snapshots(instance)) == len(accounts.snapshots(instance, region=VAULT_REGION)) == 2


@pytest.mark.parametrize("fault", ["throttled", "unavailable", "dropped-before"])
def test_busy_service_is_asked_again_by_the_next_attempt(accounts, fault):
    instance = accounts.instance(volumes=1)
    accounts.aws.disturb(["ec2:CreateSnapshots", "ec2:CopySnapshot"], first=[fault], principals=["automation"])
    try:
        assert accounts.snapshot(instance, 1) == {"state": "waiting", "snapshots": [], "gaps": []}
        answer, _ = until_done(lambda number: accounts.snapshot(instance, number + 1))
    finally:
        accounts.aws.clear_faults()
    assert (len(answer["snapshots"]), answer["gaps"]) == (1, [])


def test_call_that_ec2_got_twice_is_told_as_doubled(accounts):
    """Nothing can keep the network from that, and no snapshot is ever deleted: the second ones stay, and are named."""
    instance = accounts.instance()
    accounts.aws.disturb(["ec2:CreateSnapshots"], schedule=["duplicated"], principals=["automation"])
    try:
        answer, _ = until_done(lambda number: accounts.snapshot(instance, number))
    finally:
        accounts.aws.clear_faults()
    assert len(accounts.snapshots(instance)) == 4
    assert (len(answer["snapshots"]), len(answer["doubled"]), answer["gaps"]) == (2, 2, [])
    assert len(accounts.snapshots(instance, region=VAULT_REGION)) == 2


def test_policies_allow_what_was_used(accounts):
    for one in render.preserving.documents(render.INFRA):
        used = {name for call in accounts.aws.calls("automation", one.name) for name in call["actions"]}
        allowed = {
            name
            for statement in one.policy["Statement"]
            if statement["Effect"] == "Allow"
            for name in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
        }
        assert used == allowed, one.id
