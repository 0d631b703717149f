"""What holds for the isolation of an instance beyond what holds for every action."""

import json

import pytest
from automation_runs import INCIDENT, steps_of
from test_actions import assert_as_found, make


@pytest.fixture
def target(actions_aws):
    return make(actions_aws, "isolate-instance")


def apply_until(documents, target, step: str) -> str:
    """Breaks before the step; the before-state."""
    documents.break_step(target.action, step, "before")
    return documents.apply(target).before


def step_after(step: str) -> str:
    steps = steps_of("isolate-instance")
    return steps[steps.index(step) + 1]


@pytest.mark.parametrize("step", ["SwapToTransit", "SwapToIsolation", "SwapProfile"])
def test_half_isolated_instance_is_not_recorded_as_found(documents, target, step):
    documents.break_step(target.action, step, "after")
    before = documents.apply(target).before
    half = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "pass the before-state that the first run recorded as Before" in run.failure
    assert target.everything() == half
    assert documents.reverse(target, before).status == "Success"


@pytest.mark.parametrize("group", ["transit", "isolation"])
@pytest.mark.parametrize("finish", [True, False])
def test_swap_that_stopped_between_two_interfaces(documents, target, group, finish):
    """The swaps are the steps that change several things: here one interface was swapped and the other was not."""
    found = target.everything()
    before = apply_until(documents, target, "SwapToTransit" if group == "transit" else "SwapToIsolation")
    reached = target.groups()[f"tocsin-{group}-{target.id}"]["GroupId"]
    target.ec2.modify_network_interface_attribute(NetworkInterfaceId=min(target.interfaces()), Groups=[reached])
    if finish:
        run = documents.apply(target, before)
        assert run.status == "Success", run.failure
        target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_refused_call_fails_the_run_and_is_named(documents, target):
    found = target.everything()
    documents.break_call("ec2", "ModifyNetworkInterfaceAttribute", "UnauthorizedOperation")
    broken = documents.apply(target)
    assert (broken.status, broken.steps[-1]) == ("Failed", "SwapToTransit")
    assert "UnauthorizedOperation" in broken.failure
    assert_as_found(documents, target, found, broken.before)


def test_isolated_interface_is_not_opened_again_by_a_repeat(documents, target):
    before = apply_until(documents, target, step_after("SwapToIsolation"))
    earlier = len(documents.calls(target.action))
    assert documents.apply(target, before).status == "Success"
    repeated = [call["operation"] for call in documents.calls(target.action)[earlier:]]
    assert "ModifyNetworkInterfaceAttribute" not in repeated


def test_interface_attached_after_the_record_is_reported(documents, target):
    before = apply_until(documents, target, "PrepareGroups")
    late = target.ec2.create_network_interface(SubnetId=target.subnet)["NetworkInterface"]
    target.ec2.attach_network_interface(NetworkInterfaceId=late["NetworkInterfaceId"], InstanceId=target.id, DeviceIndex=2)
    observation = documents.apply(target, before).output("ObserveContainment.Observation")
    assert observation["interfaces"][late["NetworkInterfaceId"]] == [group["GroupId"] for group in late["Groups"]]
    assert len(observation["interfaces"]) == 3


def test_rules_put_into_the_isolation_group_are_taken_out(documents, target):
    found = target.everything()
    before = apply_until(documents, target, "SwapToTransit")
    group = target.groups()[f"tocsin-isolation-{target.id}"]["GroupId"]
    target.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    target.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[everywhere])
    run = documents.apply(target, before)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_transit_lets_everything_through_both_ways(documents, target):
    before = apply_until(documents, target, "SwapToIsolation")
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
    assert documents.reverse(target, before).status == "Success"


def test_group_that_is_still_worn_is_deleted_a_moment_later(documents, target):
    found = target.everything()
    documents.break_call("ec2", "DeleteSecurityGroup", "DependencyViolation")
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_unknown_instance_is_refused(documents):
    gone = documents.run("isolate-instance", "document", "i-0123456789abcdef0", {})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])
    assert "has no network interface here" in gone.failure


def test_second_isolation_after_a_reversal(documents, target):
    found = target.everything()
    for _ in range(2):
        run = documents.apply(target)
        assert run.status == "Success", run.failure
        assert_as_found(documents, target, found, run.before)
        assert json.loads(run.before)["own_groups"] == {}


def test_group_that_is_scaling_is_asked_again(documents, target):
    found = target.everything()
    documents.break_call("autoscaling", "EnterStandby", "ScalingActivityInProgress")
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_minimum_size_waits_for_the_group(actions_aws, documents, target):
    """A minimum above the desired capacity would launch an instance; a repeat sets it once the group has grown."""
    found = target.everything()
    before = documents.apply(target).before
    documents.break_step(target.action, "ExitStandby", "before", kind="reversal")
    documents.reverse(target, before)
    target.autoscaling.exit_standby(InstanceIds=[target.id], AutoScalingGroupName=target.group)
    assert target.scaling()["MinSize"] == 0
    assert_as_found(documents, target, found, before)


def test_group_without_room_fails_the_reversal_and_a_repeat_finishes_it(documents, target):
    """The group grew meanwhile: coming back would pass its maximum size."""
    found = target.everything()
    before = documents.apply(target).before
    target.autoscaling.update_auto_scaling_group(AutoScalingGroupName=target.group, MaxSize=0)
    run = documents.reverse(target, before)
    assert (run.status, run.steps[-1]) == ("Failed", "ExitStandby")
    target.autoscaling.update_auto_scaling_group(AutoScalingGroupName=target.group, MaxSize=1)
    assert_as_found(documents, target, found, before)


def test_target_registered_after_the_record_is_deregistered_too(documents, target):
    before = apply_until(documents, target, "LeaveLoadBalancers")
    late = {"Id": target.id, "Port": 9090}
    target.elbv2.register_targets(TargetGroupArn=target.target_groups[0], Targets=[late])
    assert documents.apply(target, before).output("ObserveContainment.Observation")["target_groups"] == []
    assert documents.reverse(target, before).status == "Success"
    assert late not in target.targets()[target.target_groups[0]]


def test_preview_names_what_the_instance_serves(actions_aws, documents, target):
    other = target.ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=target.subnet, IamInstanceProfile={"Name": target.profile}
    )["Instances"][0]["InstanceId"]
    said = " ".join(documents.preview(target).output("PreviewContainment.Impact"))
    balancer = target.elbv2.describe_load_balancers(Names=[target.balancer])["LoadBalancers"][0]
    for name in (other, target.group, target.balancer, balancer["DNSName"], target.classic()["DNSName"]):
        assert name in said
