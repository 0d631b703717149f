"""Scripts of the containment documents, run by themselves where the local AWS can't bring about what they must cope with."""

import ast
import json
import sys
import time
import types
import unittest.mock

import pytest
from automation_runs import ACTIONS, render

import automation


def run_step(monkeypatch, action: str, step: str, payload: dict, client) -> dict:
    """What a step of the action's document answers, with `client` for every `boto3.client`."""
    inputs = next(one["inputs"] for one in ACTIONS[action].document("document")["mainSteps"] if one["name"] == step)
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=lambda _service: client))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    script: dict = {}
    exec(inputs["Script"], script)  # noqa: S102 - it is what is tested
    return script[inputs["Handler"]]({**dict.fromkeys(inputs["InputPayload"]), **payload}, None)


def interface(name: str, vpc: str = "vpc-1", managed: bool = False) -> dict:
    groups = [{"GroupId": "sg-2", "GroupName": "web"}, {"GroupId": "sg-1", "GroupName": "ssh"}]
    return {"NetworkInterfaceId": name, "VpcId": vpc, "RequesterManaged": managed, "Groups": groups}


class Ec2:
    """An account with these interfaces and these states of the profile association, one after the other."""

    def __init__(self, interfaces=(), states=("associated",), instance=None):
        self.interfaces, self.states, self.replaced = list(interfaces), list(states), []
        self.instance, self.asked = instance or {"RootDeviceType": "ebs"}, []

    def describe_network_interfaces(self, **_filters) -> dict:
        return {"NetworkInterfaces": self.interfaces}

    def describe_security_groups(self, **_filters) -> dict:
        return {"SecurityGroups": []}

    def describe_instances(self, **_filters) -> dict:
        return {"Reservations": [{"Instances": [self.instance]}]}

    def describe_instance_attribute(self, Attribute, **_instance) -> dict:  # noqa: N803 - boto3's name
        self.asked.append(Attribute)
        return {Attribute[0].upper() + Attribute[1:]: {"Value": False}}

    def describe_auto_scaling_instances(self, **_ids) -> dict:
        return {"AutoScalingInstances": []}

    def get_paginator(self, _operation):
        """No load balancers."""
        return types.SimpleNamespace(paginate=list)

    def describe_iam_instance_profile_associations(self, **_filters) -> dict:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        profile = {"Arn": "arn:aws:iam::111122223333:instance-profile/shop/checkout"}
        return {"IamInstanceProfileAssociations": [{"AssociationId": "iip-1", "State": state, "IamInstanceProfile": profile}]}

    def replace_iam_instance_profile_association(self, **request) -> None:
        self.replaced.append(request)


def test_shortened_script_is_the_same_program():
    """Blanks are taken out of every script, since all of them have to fit into one template."""
    for file in sorted(render.INFRA.glob("*/**/*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            # Takes the docstring out of the node, too.
            text = automation.without_docstring(node)
            assert ast.dump(ast.parse(text)) == ast.dump(ast.Module([node], [])), file


INSTANCE = {"target": "i-0123456789abcdef0", "quarantine_profile": "Tocsin-Quarantine", "before": []}


def record(monkeypatch, interfaces) -> dict:
    return json.loads(run_step(monkeypatch, "isolate-instance", "RecordBefore", INSTANCE, Ec2(interfaces))["before"])


def test_interface_that_aws_manages_is_reported_and_left_alone(monkeypatch):
    before = record(monkeypatch, [interface("eni-3"), interface("eni-2", managed=True), interface("eni-1")])
    assert before["left_alone"] == ["eni-2"]
    groups = ["sg-1", "sg-2"]
    assert before["interfaces"] == {"eni-1": groups, "eni-3": groups}
    assert before["profile_arn"] == "arn:aws:iam::111122223333:instance-profile/shop/checkout"


def test_interfaces_in_several_vpcs_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="has interfaces in several VPCs"):
        record(monkeypatch, [interface("eni-1"), interface("eni-2", vpc="vpc-2")])


@pytest.mark.parametrize(
    ("instance", "switchable"),
    [
        ({"RootDeviceType": "ebs", "InstanceLifecycle": "spot"}, []),
        ({"RootDeviceType": "instance-store"}, ["disableApiTermination"]),
        ({"RootDeviceType": "ebs"}, ["disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior"]),
    ],
)
def test_only_protection_that_the_instance_can_have_is_recorded(monkeypatch, instance, switchable):
    """AWS has no termination protection for Spot Instances, and nothing to stop without a root volume on EBS."""
    ec2 = Ec2([interface("eni-1")], instance=instance)
    before = json.loads(run_step(monkeypatch, "isolate-instance", "RecordBefore", INSTANCE, ec2)["before"])
    assert ec2.asked == switchable
    assert [value for value in before["protection"].values() if value is not None] == [False] * len(switchable)


def test_association_in_the_making_is_waited_for(monkeypatch):
    """EC2 refuses to replace an association before it is made."""
    ec2 = Ec2(states=("associating", "associating", "associated"))
    run_step(monkeypatch, "isolate-instance", "SwapProfile", INSTANCE, ec2)
    assert ec2.replaced == [{"AssociationId": "iip-1", "IamInstanceProfile": {"Name": "Tocsin-Quarantine"}}]


def test_association_that_never_settles_fails_the_step(monkeypatch):
    with pytest.raises(RuntimeError, match="did not settle"):
        run_step(monkeypatch, "isolate-instance", "SwapProfile", INSTANCE, Ec2(states=("associating",)))


def bucket(**settings) -> unittest.mock.MagicMock:
    """A bucket with these answers, and nothing else set up."""
    s3 = unittest.mock.MagicMock()
    s3.exceptions.ClientError = RuntimeError
    owner = {"ID": "0123"}
    answers = {
        "get_public_access_block": {"PublicAccessBlockConfiguration": None},
        "get_bucket_encryption": {"ServerSideEncryptionConfiguration": None},
        "get_bucket_policy": {"Policy": None},
        "get_bucket_ownership_controls": {"OwnershipControls": None},
        "get_bucket_acl": {"Owner": owner, "Grants": [{"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}]},
        "get_bucket_versioning": {},
        "get_bucket_lifecycle_configuration": {"Rules": []},
        "get_bucket_replication": {"ReplicationConfiguration": None},
        "list_bucket_inventory_configurations": {},
        "get_bucket_notification_configuration": {},
        **settings,
    }
    for name, answer in answers.items():
        getattr(s3, name).return_value = answer
    return s3


LOCKED = {
    "target": "shop",
    "role": "arn:aws:iam::111122223333:role/Tocsin-LockBucket",
    "responder_arns": ["arn:aws:iam::111122223333:role/responder"],
    "before": [],
}


def test_bucket_policy_too_long_to_be_handed_back_is_refused(monkeypatch):
    """The reversal gets at most 50 values of 512 characters; what does not fit could never be restored."""
    # Within what S3 takes, but every quotation mark is two characters more once it is text within text.
    statement = {"Sid": "Many", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": ["a"] * 4_500}
    policy = json.dumps({"Statement": [statement]}, separators=(",", ":"))
    assert len(policy) < 19_000
    run, s3 = LOCKED, bucket(get_bucket_policy={"Policy": policy})
    with pytest.raises(ValueError, match="too long to be handed to the reversal"):
        run_step(monkeypatch, "lock-bucket", "RecordBefore", run, s3)


@pytest.mark.parametrize(("versioning", "recorded"), [({"Status": "Suspended"}, "Suspended"), ({"Status": "Suspended", "MFADelete": "Enabled"}, None)])
def test_versioning_that_only_the_root_user_can_change_is_left_alone(monkeypatch, versioning, recorded):
    s3 = bucket(get_bucket_versioning=versioning)
    before = json.loads(run_step(monkeypatch, "lock-bucket", "RecordBefore", LOCKED, s3)["before"])
    assert before["versioning"] == recorded
    run_step(monkeypatch, "lock-bucket", "ResumeVersioning", {**LOCKED, "before": json.dumps(before)}, s3)
    assert s3.put_bucket_versioning.called == (recorded is not None)
