"""What `restore-trail` refuses, and what the operator is told before."""

import datetime

import pytest
from automation_runs import ACTIONS
from targets import TARGETS


@pytest.fixture
def trail(actions_aws):
    made = TARGETS["restore-trail"]
    return made(actions_aws, **made.kinds["stopped, narrowed and led elsewhere"])


def test_deleted_trail_is_refused_with_what_to_do(documents, trail):
    trail.trails.delete_trail(Name=trail.name)
    run = documents.apply(trail)
    assert run.status == "Failed"
    assert "A person has to make it again" in run.failure


def test_trail_of_another_account_is_refused(actions_aws):
    """In a member account, the organisation's trail is seen by its ARN."""
    ours = f"arn:aws:iam::{actions_aws.account}:role/Tocsin-RestoreTrail"
    # The function alone: the local AWS shows no trail of another account.
    names = {}
    exec(ACTIONS["restore-trail"].scripts.of("refuse"), names)
    with pytest.raises(ValueError, match="it is changed there"):
        names["refuse"]({"role": ours}, {"trail": "arn:aws:cloudtrail:eu-central-1:444455556666:trail/organisation"})


def test_trail_led_away_after_it_was_read_is_put_back_by_a_repeat(documents, trail):
    first = documents.apply(trail)
    trail.trails.update_trail(Name=trail.name, S3BucketName="elsewhere")
    trail.trails.stop_logging(Name=trail.name)
    again = documents.apply(trail, first.before)
    shown = again.output("ObserveContainment.Observation")
    assert shown["logging"] is True
    assert {"setting": "S3BucketName", "value": "company-trails"} in shown["settings"]


def test_settings_of_the_first_run_hold_for_a_repeat(documents, trail):
    first = documents.apply(trail)
    trail.parameters = {**trail.parameters, "BucketName": "changed-since"}
    again = documents.apply(trail, first.before)
    assert again.status == "Success", again.failure
    assert trail.everything()["trail"]["S3BucketName"] == "company-trails"


def test_operator_reads_since_when_nothing_is_recorded_and_where_it_goes(documents, trail):
    stopped = trail.trails.get_trail_status(Name=trail.name)["StopLoggingTime"].astimezone(datetime.UTC)
    lines = documents.preview(trail).output("PreviewContainment.Impact")
    assert f"nothing has been recorded since {stopped.strftime('%Y-%m-%dT%H:%M:%SZ')}" in lines
    assert "log files go to the bucket company-trails" in lines
