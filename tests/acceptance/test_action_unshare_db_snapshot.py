"""What holds for the unsharing of a database's snapshot beyond what holds for every action."""

from targets import TARGETS
from test_actions import assert_as_found, make

ACTION = "unshare-db-snapshot"


def test_refused_change_is_no_success(actions_aws, documents):
    target = make(actions_aws, ACTION)
    found = target.everything()
    documents.break_call("rds", "ModifyDBSnapshotAttribute", "InvalidDBSnapshotState")
    run = documents.apply(target)
    assert (run.status, run.steps[-1]) == ("Failed", "RemoveShares")
    assert "InvalidDBSnapshotState" in run.failure
    assert_as_found(documents, target, found, run.before)


def test_share_made_after_the_record_is_removed_too(actions_aws, documents):
    target = make(actions_aws, ACTION)
    documents.break_step(ACTION, "RemoveShares", "before")
    before = documents.apply(target).before
    target.rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=target.id, AttributeName="restore", ValuesToAdd=["999900001111"]
    )
    assert documents.apply(target, before).output("ObserveContainment.Observation")["shared_with"] == []


def test_snapshot_that_is_not_there_is_refused(documents):
    gone = documents.run(ACTION, "document", "no-such-snapshot", {})
    assert (gone.status, gone.steps) == ("Failed", ["RecordBefore"])
    assert "there is no snapshot no-such-snapshot" in gone.failure


def test_name_of_two_snapshots_is_refused(actions_aws, documents):
    one = make(actions_aws, ACTION)
    other = TARGETS[ACTION](actions_aws, is_cluster=True)
    other.rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=other.id, TargetDBClusterSnapshotIdentifier=one.id
    )
    run = documents.apply(one)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "unshare it by hand" in run.failure
