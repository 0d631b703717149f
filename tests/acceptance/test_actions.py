"""The containment actions on the local AWS: applied, observed, reversed; broken at every step, repeated, and reversed.

The outcome rests on what the local AWS fakes of EC2, IAM and S3: permissions are not enforced there, and changes show at once.
"""

import datetime
import json
import pathlib
import sys

import pytest
from botocore.exceptions import ClientError, ParamValidationError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "local-aws"))

from action_targets import BROKEN, PUBLIC, TARGETS, Bucket, Instance, Role, Settings  # noqa: E402
from automation_runs import INCIDENT, Documents  # noqa: E402
from local_aws.supervisor import LocalAws  # noqa: E402


@pytest.fixture(scope="module")
def aws():
    with LocalAws(REPOSITORY / "target" / "local-aws" / "actions") as local:
        local.deploy(
            "tocsin-member", REPOSITORY / "infra/member.yaml", {"SecurityAccountId": local.account, "HomeRegion": local.region}
        )
        yield local


@pytest.fixture
def documents(aws):
    runner = Documents(aws)
    yield runner
    runner.mend()


def apply(documents, target, before=None):
    return documents.run(target.document, target.parameters, before)


def reverse(documents, target, before):
    (name, value), *_ = target.parameters.items()
    return documents.run(target.reversal, {name: value}, before)


def assert_as_found(documents, target, found, before):
    """Reverses, and expects the account as it was and an observation that says so."""
    run = reverse(documents, target, before)
    assert run.status == "Success", run.failure
    assert target.everything() == found
    assert run.output("ObserveReversal.Observation") == json.loads(before)


@pytest.mark.parametrize("kind", TARGETS)
def test_applied_then_reversed_leaves_the_account_as_found(aws, documents, kind):
    target = TARGETS[kind](aws)
    found = target.everything()
    run = apply(documents, target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, run.outputs["RecordBefore.Before"])
    again = reverse(documents, target, run.outputs["RecordBefore.Before"])
    assert again.status == "Success", again.failure
    assert target.everything() == found


@pytest.mark.parametrize("kind", TARGETS)
def test_recording_changes_nothing(aws, documents, kind):
    target = TARGETS[kind](aws)
    found = target.everything()
    documents.break_step(target.document, target.steps[1], "before")
    run = apply(documents, target)
    assert run.status == "Failed"
    assert run.steps == list(target.steps[:2])
    assert target.everything() == found


def broken_steps(steps: str) -> list[tuple[str, str, str]]:
    return [
        (kind, step, when)
        for kind, (target, _) in BROKEN.items()
        for step in getattr(target, steps)
        for when in ("before", "after")
    ]


@pytest.mark.parametrize(("kind", "step", "when"), broken_steps("steps"))
def test_broken_run_is_finished_by_a_repeat(aws, documents, kind, step, when):
    target = BROKEN[kind][1](aws)
    found = target.everything()
    documents.break_step(target.document, step, when)
    broken = apply(documents, target)
    assert broken.status == "Failed"
    before = broken.outputs.get("RecordBefore.Before")
    if before is None:
        assert step == "RecordBefore"
        assert target.everything() == found
    repeated = apply(documents, target, before)
    assert repeated.status == "Success", repeated.failure
    target.assert_contained(found, repeated.output("ObserveContainment.Observation"))
    assert before in (None, repeated.outputs["RecordBefore.Before"])
    assert_as_found(documents, target, found, repeated.outputs["RecordBefore.Before"])


@pytest.mark.parametrize(("kind", "step", "when"), broken_steps("steps"))
def test_broken_run_is_reversed(aws, documents, kind, step, when):
    target = BROKEN[kind][1](aws)
    found = target.everything()
    documents.break_step(target.document, step, when)
    before = apply(documents, target).outputs.get("RecordBefore.Before")
    if before is None:
        assert step == "RecordBefore"
        assert target.everything() == found
    else:
        assert_as_found(documents, target, found, before)


@pytest.mark.parametrize(("kind", "step", "when"), broken_steps("reversal_steps"))
def test_broken_reversal_is_finished_by_a_repeat(aws, documents, kind, step, when):
    target = BROKEN[kind][1](aws)
    found = target.everything()
    before = apply(documents, target).outputs["RecordBefore.Before"]
    documents.break_step(target.reversal, step, when)
    assert reverse(documents, target, before).status == "Failed"
    assert_as_found(documents, target, found, before)


@pytest.mark.parametrize(
    ("kind", "step"),
    [("instance", "SwapToTransit"), ("instance", "SwapToIsolation"), ("instance", "SwapProfile"), ("bucket", "MergePolicy")],
)
def test_half_contained_target_is_not_recorded_as_found(aws, documents, kind, step):
    target = BROKEN[kind][1](aws)
    documents.break_step(target.document, step, "after")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    half = target.everything()
    run = apply(documents, target)
    assert run.status == "Failed"
    assert "pass the before-state that the first run recorded as Before" in run.failure
    assert target.everything() == half
    assert reverse(documents, target, before).status == "Success"


@pytest.mark.parametrize("kind", BROKEN)
def test_before_state_of_another_target_is_refused(aws, documents, kind):
    one, other = BROKEN[kind][1](aws), BROKEN[kind][1](aws)
    before = apply(documents, one).outputs["RecordBefore.Before"]
    found = other.everything()
    for run in (apply(documents, other, before), reverse(documents, other, before)):
        assert run.status == "Failed"
        assert "the before-state given is of" in run.failure
    assert other.everything() == found


@pytest.mark.parametrize("group", ["transit", "isolation"])
@pytest.mark.parametrize("finish", [True, False])
def test_swap_that_stopped_between_two_interfaces(aws, documents, group, finish):
    """The swaps are the steps that change several things: here one interface was swapped and the other was not."""
    target = Instance(aws)
    found = target.everything()
    documents.break_step(target.document, "SwapToTransit" if group == "transit" else "SwapToIsolation", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    reached = target.groups()[f"tocsin-{group}-{target.id}"]["GroupId"]
    target.ec2.modify_network_interface_attribute(NetworkInterfaceId=min(target.interfaces()), Groups=[reached])
    if finish:
        run = apply(documents, target, before)
        assert run.status == "Success", run.failure
        target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_refused_call_fails_the_run_and_is_named(aws, documents):
    target = Instance(aws)
    found = target.everything()
    documents.break_call("ec2", "ModifyNetworkInterfaceAttribute", "UnauthorizedOperation")
    broken = apply(documents, target)
    assert (broken.status, broken.steps[-1]) == ("Failed", "SwapToTransit")
    assert "UnauthorizedOperation" in broken.failure
    assert_as_found(documents, target, found, broken.outputs["RecordBefore.Before"])


def test_isolated_interface_is_not_opened_again_by_a_repeat(aws, documents):
    target = Instance(aws)
    documents.break_step(target.document, "SwapProfile", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    earlier = len(aws.calls("automation", target.document))
    assert apply(documents, target, before).status == "Success"
    repeated = [call["operation"] for call in aws.calls("automation", target.document)[earlier:]]
    assert "ModifyNetworkInterfaceAttribute" not in repeated


def test_interface_attached_after_the_record_is_reported(aws, documents):
    target = Instance(aws)
    documents.break_step(target.document, "PrepareGroups", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    subnet = target.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [target.vpc]}])["Subnets"][0]["SubnetId"]
    late = target.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    target.ec2.attach_network_interface(NetworkInterfaceId=late["NetworkInterfaceId"], InstanceId=target.id, DeviceIndex=2)
    run = apply(documents, target, before)
    observed = {one["id"]: one["groups"] for one in run.output("ObserveContainment.Observation")["interfaces"]}
    assert observed[late["NetworkInterfaceId"]] == [group["GroupId"] for group in late["Groups"]]
    assert len(observed) == 3


def test_rules_put_into_the_isolation_group_are_taken_out(aws, documents):
    target = Instance(aws)
    found = target.everything()
    documents.break_step(target.document, "SwapToTransit", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    group = target.groups()[f"tocsin-isolation-{target.id}"]["GroupId"]
    target.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    target.ec2.authorize_security_group_egress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}],
    )
    run = apply(documents, target, before)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_transit_lets_everything_through_both_ways(aws, documents):
    target = Instance(aws)
    documents.break_step(target.document, "SwapToIsolation", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    transit = target.groups()[f"tocsin-transit-{target.id}"]
    for direction in ("IpPermissions", "IpPermissionsEgress"):
        open_to = {
            (rule["IpProtocol"], source.get("CidrIp") or source.get("CidrIpv6"))
            for rule in transit[direction]
            for source in [*rule["IpRanges"], *rule["Ipv6Ranges"]]
        }
        assert open_to == {("-1", "0.0.0.0/0"), ("-1", "::/0")}
    assert all(groups == [transit["GroupId"]] for groups in target.interfaces().values())
    assert {tag["Key"]: tag["Value"] for tag in transit["Tags"]} == {"tocsin:incident": INCIDENT}
    assert reverse(documents, target, before).status == "Success"


def test_group_that_is_still_worn_is_deleted_a_moment_later(aws, documents):
    target = Instance(aws)
    found = target.everything()
    documents.break_call("ec2", "DeleteSecurityGroup", "DependencyViolation")
    run = apply(documents, target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_unknown_instance_and_role_are_refused(documents):
    gone = documents.run("Tocsin-IsolateInstance", {"InstanceId": "i-0123456789abcdef0"})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])
    assert "has no network interface here" in gone.failure
    gone = documents.run("Tocsin-RevokeRoleSessions", {"RoleName": "nobody"})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])


def test_revocation_is_of_now_in_utc(aws, documents):
    target = Role(aws)
    started = datetime.datetime.now(datetime.UTC)
    run = apply(documents, target)
    revoked = time_of(run.output("ObserveContainment.Observation")["revoked_before"])
    assert started <= revoked <= datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)


def time_of(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def test_second_revocation_is_later_and_both_are_reversed(aws, documents):
    target = Role(aws)
    found = target.everything()
    first, second = apply(documents, target), apply(documents, target)
    times = [run.output("ObserveContainment.Observation")["revoked_before"] for run in (first, second)]
    assert times == sorted(times)
    assert second.output("RecordBefore.Before")["policy"] == first.output("ObserveContainment.Observation")["policy"]
    reverse(documents, target, second.outputs["RecordBefore.Before"])
    assert_as_found(documents, target, found, first.outputs["RecordBefore.Before"])


def test_lock_without_responders_is_refused_before_any_change(aws, documents):
    target = Bucket(aws, Settings(statements=[PUBLIC]))
    found = target.everything()
    run = documents.run(target.document, {"BucketName": target.name, "ResponderArns": []})
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "ResponderArns is empty" in run.failure
    assert target.everything() == found


@pytest.mark.parametrize("responder", ["*", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:root", ""])
def test_responders_are_roles_by_their_full_name(aws, documents, responder):
    target = Bucket(aws)
    with pytest.raises((ClientError, ParamValidationError), match="ResponderArns"):
        documents.run(target.document, {"BucketName": target.name, "ResponderArns": [responder]})


def test_wrong_targets_are_refused_at_the_door(documents):
    for document, parameters in (
        ("Tocsin-IsolateInstance", {"InstanceId": "i-1; drop"}),
        ("Tocsin-RevokeRoleSessions", {"RoleName": "a/b"}),
        ("Tocsin-LockBucket", {"BucketName": "Shop_Data", "ResponderArns": ["arn:aws:iam::111122223333:role/r"]}),
    ):
        with pytest.raises(ClientError):
            documents.run(document, parameters)


def test_snapshots_are_taken_once_of_all_volumes(aws, documents):
    target = Instance(aws)
    volume = target.ec2.create_volume(Size=8, AvailabilityZone=f"{aws.region}a", Encrypted=True)["VolumeId"]
    target.ec2.attach_volume(VolumeId=volume, InstanceId=target.id, Device="/dev/sdf")
    attached = target.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [target.id]}])["Volumes"]
    earlier = len(aws.calls("automation", "Tocsin-SnapshotVolumes"))
    first, second = (documents.run("Tocsin-SnapshotVolumes", target.parameters) for _ in range(2))
    snapshots = first.output("PreserveVolumes.Snapshots")
    assert [one["volume_id"] for one in snapshots] == sorted(volume["VolumeId"] for volume in attached)
    assert len(snapshots) == 2
    assert {one["encrypted"] for one in snapshots} == {True, False}
    assert all(set(one) == {"snapshot_id", "volume_id", "state", "started_at", "encrypted"} for one in snapshots)
    assert [one["snapshot_id"] for one in second.output("PreserveVolumes.Snapshots")] == [
        one["snapshot_id"] for one in snapshots
    ]
    made = [
        call for call in aws.calls("automation", "Tocsin-SnapshotVolumes")[earlier:] if call["operation"] == "CreateSnapshots"
    ]
    assert len(made) == 1
    described = target.ec2.describe_snapshots(SnapshotIds=[one["snapshot_id"] for one in snapshots])["Snapshots"]
    tags = {"tocsin:incident": INCIDENT, "tocsin:instance": target.id}
    assert all({tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == tags for snapshot in described)


def isolate_every_way(aws, documents):
    target = Instance(aws)
    documents.break_step(target.document, "SwapToTransit", "before")
    before = apply(documents, target).outputs["RecordBefore.Before"]
    # A rule that somebody put in: the only reason to revoke one for the way in.
    group = target.groups()[f"tocsin-isolation-{target.id}"]["GroupId"]
    target.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    apply(documents, target, before)
    reverse(documents, target, before)


def revoke_every_way(aws, documents):
    for earlier in (True, False):
        target = Role(aws, earlier)
        reverse(documents, target, apply(documents, target).outputs["RecordBefore.Before"])


def lock_every_way(aws, documents):
    for kind in ("bare bucket", "public bucket blocked later"):
        target = TARGETS[kind](aws)
        reverse(documents, target, apply(documents, target).outputs["RecordBefore.Before"])


def snapshot_every_way(aws, documents):
    documents.run("Tocsin-SnapshotVolumes", Instance(aws).parameters)


@pytest.mark.parametrize(
    ("folder", "role", "run_every_way"),
    [
        ("actions/isolate-instance", "Tocsin-IsolateInstance", isolate_every_way),
        ("actions/revoke-role-sessions", "Tocsin-RevokeRoleSessions", revoke_every_way),
        ("actions/lock-bucket", "Tocsin-LockBucket", lock_every_way),
        ("preservation/snapshot-volumes", "Tocsin-SnapshotVolumes", snapshot_every_way),
    ],
)
def test_policy_allows_exactly_the_calls_that_were_seen(aws, documents, folder, role, run_every_way):
    earlier = len(aws.calls())
    run_every_way(aws, documents)
    policy = json.loads((REPOSITORY / "infra" / folder / "policy.json").read_text())
    allowed = {
        action
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }
    calls = [call for call in aws.calls()[earlier:] if call["principal"] == {"kind": "automation", "name": role}]
    assert {action for call in calls for action in call["actions"]} == allowed
