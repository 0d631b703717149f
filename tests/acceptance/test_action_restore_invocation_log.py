"""What `restore-invocation-log` refuses, and what the operator is told before."""

import pytest
from targets import TARGETS, unique, without


@pytest.fixture
def log(actions_aws):
    made = TARGETS["restore-invocation-log"]
    return made(actions_aws, **made.kinds["led elsewhere"])


@pytest.fixture
def foreign_bucket(actions_aws):
    name = unique("foreign")
    place = {"LocationConstraint": actions_aws.region}
    actions_aws.client("s3", account="444455556666").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return name


@pytest.fixture
def distant_bucket(actions_aws):
    name = unique("distant")
    actions_aws.client("s3", region="us-west-2").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return name


def assert_refused(documents, log, reason: str) -> None:
    found = log.everything()
    run = documents.apply(log)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert reason in run.failure
    assert log.everything() == found


def test_settings_without_a_destination_are_refused(documents, log):
    log.parameters = without(log.parameters, "BucketName", "LogGroupName")
    assert_refused(documents, log, "where the log should go is not guessed")


def test_log_group_without_a_role_is_refused(documents, log):
    log.parameters = without(log.parameters, "RoleArn")
    assert_refused(documents, log, "LogGroupName needs RoleArn")


def test_bucket_that_is_not_there_is_refused(documents, log):
    log.parameters |= {"BucketName": "never-made"}
    assert_refused(documents, log, "bucket never-made")


def test_bucket_of_another_account_is_refused(documents, log, foreign_bucket):
    log.parameters |= {"BucketName": foreign_bucket}
    assert_refused(documents, log, f"bucket {foreign_bucket}")


def test_bucket_of_another_region_is_refused(documents, log, distant_bucket):
    log.parameters |= {"BucketName": distant_bucket}
    assert_refused(documents, log, f"bucket {distant_bucket}")


def test_log_group_that_is_not_there_is_refused(documents, log):
    log.parameters |= {"LogGroupName": "/never/made"}
    assert_refused(documents, log, "log group /never/made")


@pytest.mark.parametrize("target", ["444455556666:eu-central-1", "111122223333:us-west-2"])
def test_logging_of_another_account_or_region_is_refused(documents, log, target):
    log.id = target
    assert_refused(documents, log, "is not the logging of this account and region")


def test_operator_is_told_where_the_log_goes_now(documents, log):
    assert documents.preview(log).output("PreviewContainment.Impact") == [
        "the log goes to the bucket somebody-elses now, which is not there or not of this account and region"
    ]


def test_bucket_that_goes_away_afterwards_shows(actions_aws, documents, log):
    before = documents.apply(log).before
    actions_aws.client("s3").delete_bucket(Bucket=log.parameters["BucketName"])
    shown = documents.apply(log, before).output("ObserveContainment.Observation")
    assert [one["usable"] for one in shown["destinations"]] == [False, True]
