"""The documents that preserve, on the local AWS, in two accounts: a member's and the one that holds the evidence.

What rests on what the local AWS fakes: no volume has content, a snapshot is pending for 0.2 s, and no policy is enforced.
"""

import dataclasses
import hashlib
import json
import re
import time

import pytest
from automation_runs import INCIDENT, Documents, render
from demo import places, stack
from local_aws.template import expand
from ministack.core import iam_evaluator

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


# --- memory ---

TOOL = b"#!/bin/sh\necho reading >&2\nprintf 'all that is in memory' > \"$1\"\n"


@pytest.fixture(scope="module")
def tools(accounts):
    """The bucket of tools in the evidence account, which lets the role of the members in."""
    s3 = accounts.client("s3", EVIDENCE, VAULT_REGION)
    s3.create_bucket(Bucket="forensic-tools", CreateBucketConfiguration={"LocationConstraint": VAULT_REGION})
    # The local AWS tells a caller of another account by the account alone. On AWS the role would be named.
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": MEMBER},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::forensic-tools/*",
    }
    s3.put_bucket_policy(Bucket="forensic-tools", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return s3


@pytest.fixture
def machine(accounts, tools):
    """Makes a machine with an agent, and what captures its memory with a tool of this content."""

    def make(tool: bytes = TOOL, ping: str | None = "Online", platform: str = "Linux", **given):
        instance = accounts.instance(volumes=1)
        agent(accounts, instance, ping, platform)
        tools.put_object(Bucket="forensic-tools", Key=f"avml/{instance}", Body=tool)
        named = {"ToolBucket": "forensic-tools", "ToolKey": f"avml/{instance}", "ToolSha256": hashlib.sha256(tool).hexdigest()}
        evidence = {"EvidenceAccountId": EVIDENCE, "VaultRegion": VAULT_REGION, "KmsKeyArn": accounts.key}
        found = {name: value for name, value in {**named, **evidence, **given}.items() if value}
        return instance, lambda number: accounts.run("Tocsin-CaptureMemory", number, InstanceId=instance, **found)

    return make


def agent(accounts, instance: str, ping: str | None, platform: str = "Linux") -> None:
    place = {"account": MEMBER, "region": INSTANCE_REGION}
    accounts.aws.control("POST", "/ssm-agent", {"instance": instance, "ping_status": ping, "platform": platform, **place})


def commands(accounts, instance: str) -> list[dict]:
    return accounts.client("ssm").list_commands(InstanceId=instance)["Commands"]


def memory(accounts, instance: str) -> list[dict]:
    return [one for one in accounts.snapshots(instance) if tags(one).get("tocsin:purpose") == "memory"]


def test_memory_is_dumped_to_a_volume_of_its_own_and_reaches_the_evidence_account(accounts, machine):
    instance, attempt = machine()
    answer, _ = until_done(attempt, 30)
    assert answer["gaps"] == []
    # The tool was really run, by a shell on this machine.
    content = b"all that is in memory"
    assert answer["dump"] == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (snapshot,) = answer["snapshots"]
    assert (snapshot["state"], snapshot["encrypted"], snapshot["shared"]) == ("completed", True, True)
    assert [one["SnapshotId"] for one in memory(accounts, instance)] == [snapshot["snapshot_id"]]
    assert answer["left"] == [snapshot["volume_id"]]
    received, _ = until_done(lambda number: accounts.receive(instance, number, answer["snapshots"]))
    assert [one["source_snapshot_id"] for one in received["snapshots"]] == [snapshot["copy_id"]]
    assert attempt(90) == answer
    assert len(commands(accounts, instance)) == len(memory(accounts, instance)) == 1


def test_no_attempt_waits_for_the_dump(accounts, machine):
    """Containment goes on beside it."""
    instance, attempt = machine(TOOL.replace(b"echo", b"sleep 3; echo"))
    while not commands(accounts, instance):
        attempt(1 + len(accounts.aws.calls("automation", "Tocsin-CaptureMemory")))
    assert attempt(500) == {"state": "waiting", "snapshots": [], "gaps": []}
    assert until_done(lambda number: attempt(500 + number), 60)[0]["gaps"] == []


def test_instance_that_is_isolated_before_the_end_is_a_gap_and_the_volume_is_kept_all_the_same(accounts, machine):
    instance, attempt = machine(TOOL.replace(b"echo", b"sleep 1; echo"), TimeLimitSeconds="1")
    while not commands(accounts, instance):
        attempt(1 + len(accounts.aws.calls("automation", "Tocsin-CaptureMemory")))
    agent(accounts, instance, "ConnectionLost")
    try:
        # The local AWS lets no two minutes pass: the command is made as old as it would be by then.
        accounts.aws.control("POST", "/ssm-command-age", {"instance": instance, "seconds": 200, "account": MEMBER, "region": INSTANCE_REGION})
        answer, _ = until_done(lambda number: attempt(600 + number), 30)
    finally:
        agent(accounts, instance, "Online")
    assert [gap["reason"] for gap in answer["gaps"]] == [
        "the instance was isolated or stopped before the end of the dump was seen; what it had written is in the snapshot"
    ]
    assert ("dump" in answer, [one["shared"] for one in answer["snapshots"]]) == (False, [True])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ping": None}, "no agent of Systems Manager runs on it"),
        ({"ping": "ConnectionLost"}, "its agent of Systems Manager does not answer: ConnectionLost"),
        ({"platform": "Windows"}, "its memory can't be dumped: the tool is for Linux, and this is Windows"),
        ({"ToolBucket": ""}, "its memory was not captured: no tool or no evidence account is set"),
        ({"EvidenceAccountId": ""}, "its memory was not captured: no tool or no evidence account is set"),
    ],
)
def test_what_can_not_be_captured_is_a_gap_at_once(accounts, machine, given, reason):
    instance, attempt = machine(**given)
    assert attempt(1) == {"state": "done", "snapshots": [], "gaps": [{"about": instance, "reason": reason}]}
    assert commands(accounts, instance) == []
    volumes = accounts.client("ec2").describe_volumes(Filters=[{"Name": "tag:tocsin:instance", "Values": [instance]}])
    assert volumes["Volumes"] == []


@pytest.mark.parametrize(
    ("tool", "given", "reason"),
    [
        (TOOL, {"ToolSha256": "0" * 64}, "tool: FAILED"),
        (b"#!/bin/sh\necho 'no /dev/crash here' >&2\nexit 9\n", {}, "no /dev/crash here"),
    ],
)
def test_tool_that_is_another_or_fails_is_a_gap(accounts, machine, tool, given, reason):
    instance, attempt = machine(tool, **given)
    answer, _ = until_done(attempt, 30)
    (gap,) = answer["gaps"]
    assert gap["reason"].startswith("the dump ended with Failed: ")
    assert reason in gap["reason"] or "did NOT match" in gap["reason"]
    assert (answer["snapshots"], memory(accounts, instance)) == ([], [])


@pytest.mark.parametrize("operation", ["ec2:CreateVolume", "ec2:AttachVolume", "ssm:SendCommand", "ec2:CreateSnapshot"])
def test_lost_answer_makes_no_second_volume_or_snapshot(accounts, machine, operation):
    instance, attempt = machine()
    accounts.aws.disturb([operation], schedule=["dropped-after"], principals=["automation"])
    try:
        answer, _ = until_done(attempt, 30)
        assert accounts.aws.disturbances()["dropped-after"] == 1
    finally:
        accounts.aws.clear_faults()
    assert (answer["gaps"], len(answer["snapshots"]), len(memory(accounts, instance))) == ([], 1, 1)
    assert len(commands(accounts, instance)) == 1
    found = accounts.client("ec2").describe_volumes(Filters=[{"Name": "tag:tocsin:instance", "Values": [instance]}])["Volumes"]
    assert len(found) == 1


def test_command_that_was_sent_twice_dumps_once(accounts, machine):
    """Systems Manager knows no token for it either: the second finds that one is under way."""
    script = render.preserving.Preservation(render.INFRA / "preservation/capture-memory").command()["mainSteps"][0]["inputs"]["runCommand"]
    assert script.index("work=/run/tocsin-memory-{{ IncidentId }}") < next(i for i, line in enumerate(script) if line.startswith("mkfs"))
    assert any(line.startswith('mkdir "$work" || {') and "exit 3" in line for line in script)


# --- never ---


def statements_of(name: str) -> list[dict]:
    """What a role of the expanded member template may do."""
    template = expand(render.INFRA / "member.yaml", parameters={"EvidenceAccountId": EVIDENCE})
    ((logical_id, role),) = [
        (logical_id, one["Properties"])
        for logical_id, one in template["Resources"].items()
        if one["Type"] == "AWS::IAM::Role" and one["Properties"]["RoleName"] == name
    ]
    managed = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    policies = [*role["Policies"], *(policy for policy in managed if {"Ref": logical_id} in policy["Roles"])]
    text = json.dumps([policy["PolicyDocument"] for policy in policies])
    for old, new in {
        '{"Ref": "EvidenceAccountId"}': f'"{EVIDENCE}"',
        '{"Ref": "AWS::AccountId"}': f'"{MEMBER}"',
        "${AWS::AccountId}": MEMBER,
        "${EvidenceAccountId}": EVIDENCE,
        "${AWS::Partition}": "aws",
    }.items():
        text = text.replace(old, new)
    return json.loads(re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", text))


def allows(name: str, action: str, resource: str, **keys) -> bool:
    """Whether IAM would let the role do it."""
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{MEMBER}:role/{name}",
        principal_type="AssumedRole",
        principal_account=MEMBER,
        action=action,
        resource_arn=resource,
        region=VAULT_REGION,
        source_ip="127.0.0.1",
        secure_transport=True,
        # The evaluator knows keys in small letters.
        service_context={key.lower(): value for key, value in keys.items()},
    )
    parsed = [iam_evaluator.parse_policy_document(document) for document in statements_of(name)]
    return iam_evaluator.evaluate(context, parsed).decision == "Allow"


EVIDENCE_ROLES = [one.name for one in render.preserving.documents(render.INFRA)] + ["Tocsin-Member-PreserveEvidence"]
SNAPSHOT, KEY = "arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0", f"arn:aws:kms:eu-central-1:{EVIDENCE}:key/0a1b"
OF_INCIDENT = {"aws:ResourceTag/tocsin:incident": INCIDENT, "aws:ResourceAccount": MEMBER}
THROUGH_EC2 = {"kms:ViaService": "ec2.eu-central-1.amazonaws.com", "kms:GrantIsForAWSResource": "true"}


@pytest.mark.parametrize("role", EVIDENCE_ROLES)
@pytest.mark.parametrize(
    ("action", "resource", "keys"),
    [
        ("ec2:DeleteSnapshot", SNAPSHOT, OF_INCIDENT),
        ("ec2:DeleteVolume", f"arn:aws:ec2:eu-central-1:{MEMBER}:volume/vol-0123456789abcdef0", OF_INCIDENT),
        ("ec2:ModifySnapshotTier", SNAPSHOT, OF_INCIDENT),
        ("ec2:DeleteTags", SNAPSHOT, OF_INCIDENT),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OF_INCIDENT, "ec2:Add/group": "all"}),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OF_INCIDENT, "ec2:Add/group": "all", "ec2:Add/userId": EVIDENCE}),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OF_INCIDENT, "ec2:Add/userId": "666677778888"}),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OF_INCIDENT, "ec2:Remove/userId": EVIDENCE}),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {"ec2:Add/userId": EVIDENCE}),
        ("kms:DisableKey", KEY, THROUGH_EC2),
        ("kms:ScheduleKeyDeletion", KEY, THROUGH_EC2),
        ("kms:PutKeyPolicy", KEY, THROUGH_EC2),
        ("kms:RevokeGrant", KEY, THROUGH_EC2),
        ("kms:Decrypt", KEY, {}),
        ("kms:CreateGrant", KEY, {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}),
        ("ssm:SendCommand", "arn:aws:ssm:eu-central-1::document/AWS-RunShellScript", {}),
        ("s3:PutObject", "arn:aws:s3:::vault/x", {}),
    ],
)
def test_evidence_is_never_deleted_published_or_made_unreadable(role, action, resource, keys):
    assert not allows(role, action, resource, **keys)


@pytest.mark.parametrize("role", ["Tocsin-SnapshotVolumes", "Tocsin-CaptureMemory"])
def test_sharing_with_the_evidence_account_is_what_is_allowed(role):
    """So that the refusals above are no accident of the evaluation."""
    assert allows(role, "ec2:ModifySnapshotAttribute", SNAPSHOT, **OF_INCIDENT, **{"ec2:Add/userId": EVIDENCE})
    assert allows(role, "kms:Decrypt", KEY, **THROUGH_EC2)
    assert allows(role, "kms:CreateGrant", KEY, **THROUGH_EC2)


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
