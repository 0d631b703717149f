"""What `restore-recorder` refuses, and what the operator is told before."""

import datetime

import pytest
from automation_runs import ACTIONS
from targets import TARGETS


@pytest.fixture
def recorder(actions_aws):
    made = TARGETS["restore-recorder"]
    return made(actions_aws, **made.kinds["stopped and narrowed"])


@pytest.fixture
def without_channel(recorder):
    """No recorder of the region runs, so that its channel can be deleted."""
    config = recorder.config
    running = [one["name"] for one in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"] if one["recording"]]
    for name in running:
        config.stop_configuration_recorder(ConfigurationRecorderName=name)
    channel = config.describe_delivery_channels()["DeliveryChannels"][0]
    config.delete_delivery_channel(DeliveryChannelName=channel["name"])
    yield recorder
    config.put_delivery_channel(DeliveryChannel=channel)


def test_recorder_that_is_gone_is_refused_with_what_to_do(documents, recorder):
    recorder.id = "deleted"
    run = documents.apply(recorder)
    assert run.status == "Failed"
    assert "A person has to make it again" in run.failure


def test_recorder_without_a_channel_is_refused_before_anything_changed(documents, without_channel):
    found = without_channel.everything()
    run = documents.apply(without_channel)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "no delivery channel" in run.failure
    assert without_channel.everything() == found


def test_recorder_of_a_service_is_refused():
    # The function alone: the local AWS makes no such recorder.
    names = {}
    exec(ACTIONS["restore-recorder"].scripts.of("refuse"), names)
    before = {"recorder": {"servicePrincipal": "securityhub.amazonaws.com"}, "delivery_channels": []}
    with pytest.raises(ValueError, match="that service alone"):
        names["refuse"]({"target": "AWSConfigurationRecorderForSecurityHub"}, before)


def test_operator_reads_since_when_what_and_where(documents, recorder):
    status = recorder.config.describe_configuration_recorder_status(ConfigurationRecorderNames=[recorder.id])
    stopped = status["ConfigurationRecordersStatus"][0]["lastStopTime"].astimezone(datetime.UTC)
    assert documents.preview(recorder).output("PreviewContainment.Impact") == [
        f"nothing has been recorded since {stopped.strftime('%Y-%m-%dT%H:%M:%SZ')}",
        "it records AWS::S3::Bucket alone: look whether that was always so",
        "it delivers to the bucket company-config",
    ]
