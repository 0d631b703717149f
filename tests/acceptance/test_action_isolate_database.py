"""What holds for the isolation of a database beyond what holds for every action."""

import types
import unittest.mock

import pytest
from targets import TARGETS
from test_action_scripts import run_step
from test_actions import assert_as_found, make

ACTION = "isolate-database"


def test_rules_put_into_the_group_are_taken_out(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    documents.break_step(ACTION, "CutOff", "before")
    before = documents.apply(target).before
    group = target.groups()[f"tocsin-isolation-{target.name}"]["GroupId"]
    target.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    run = documents.apply(target, before)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    assert_as_found(documents, target, found, before)


def test_database_that_is_busy_is_asked_again(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    documents.break_call("rds", "ModifyDBInstance", "InvalidDBInstanceState")
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    target.assert_contained(found, run.output("ObserveContainment.Observation"))


def test_isolated_database_is_not_recorded_as_found(actions_aws, documents):
    """By the name of another of its instances, too."""
    target = make(actions_aws, ACTION, "an instance of a cluster")
    found = target.everything()
    before = documents.apply(target).before
    half = target.everything()
    for name in (target.id, target.instances[1], target.cluster):
        run = documents.run(ACTION, "document", name, {})
        assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
        assert "pass the before-state that the first run recorded as Before" in run.failure
    assert target.everything() == half
    assert_as_found(documents, target, found, before)


def test_unknown_database_is_refused(documents):
    gone = documents.run(ACTION, "document", "no-such-database", {})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])
    assert "there is no database no-such-database" in gone.failure


def test_preview_names_who_is_let_in(actions_aws, documents):
    target = TARGETS[ACTION](actions_aws, in_cluster=True, public=True)
    said = " ".join(documents.preview(target).output("PreviewContainment.Impact"))
    for name in (*target.instances, "10.2.1.0/24", target.groups()["shop"]["GroupId"]):
        assert name in said


class Account:
    """A database, whose groups have one state after the other."""

    exceptions = types.SimpleNamespace(ClientError=RuntimeError)

    def __init__(self, *states: dict[str, str]):
        self.states, self.modify_db_instance = list(states), unittest.mock.Mock()

    def describe_db_instances(self, **_name) -> dict:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        groups = [{"VpcSecurityGroupId": group, "Status": status} for group, status in state.items()]
        return {"DBInstances": [{"DBInstanceIdentifier": "orders", "VpcSecurityGroups": groups, "DeletionProtection": True}]}

    def describe_security_groups(self, Filters=(), GroupIds=()) -> dict:  # noqa: N803 - boto3's names
        ids = GroupIds or (["sg-closed"] if "sg-closed" in self.states[-1] else [])
        closed = {"VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []}
        return {"SecurityGroups": [{"GroupId": one, **closed} for one in ids]}


RUN = {"target": "orders", "before": [], "isolation_group": "sg-closed"}
ADDING = {"sg-closed": "adding", "sg-shop": "removing"}


def test_change_is_waited_for(monkeypatch):
    """RDS says yes at once and changes the groups later."""
    account = Account(ADDING, ADDING, {"sg-closed": "active"})
    run_step(monkeypatch, ACTION, "AwaitChange", RUN, account)
    assert len(account.states) == 1


def test_group_that_is_being_removed_is_observed_as_still_there(monkeypatch):
    observation = run_step(monkeypatch, ACTION, "ObserveContainment", RUN, Account(ADDING))["observation"]
    assert '"changing":["sg-closed","sg-shop"]' in observation
    assert '"security_groups":["sg-closed","sg-shop"]' in observation


def test_database_in_the_middle_of_a_change_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="are being changed"):
        run_step(monkeypatch, ACTION, "RecordBefore", RUN, Account({"sg-new": "adding", "sg-shop": "removing"}))
