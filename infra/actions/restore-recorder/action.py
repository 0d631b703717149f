import boto3
import datetime


def observe(run):
    config, name = boto3.client("config"), run["target"]
    try:
        recorder = config.describe_configuration_recorders(ConfigurationRecorderNames=[name])["ConfigurationRecorders"][0]
    except config.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchConfigurationRecorderException":
            raise
        raise ValueError(
            f"there is no configuration recorder {name} here: it was deleted. A person has to make it again"
            " (PutConfigurationRecorder, PutDeliveryChannel, StartConfigurationRecorder); what was recorded before is kept"
        ) from error
    return {
        "recording": status_of(run)["recording"],
        "recorder": recorder,
        "delivery_channels": config.describe_delivery_channels()["DeliveryChannels"],
    }


def status_of(run):
    config = boto3.client("config")
    return config.describe_configuration_recorder_status(ConfigurationRecorderNames=[run["target"]])[
        "ConfigurationRecordersStatus"
    ][0]


def refuse(run, before):
    if before["recorder"].get("servicePrincipal"):
        raise ValueError(
            f"{run['target']} is the recorder of {before['recorder']['servicePrincipal']}: that service alone starts and"
            " stops it"
        )
    if not before["delivery_channels"]:
        raise ValueError(
            "AWS Config has no delivery channel here, so the recorder can't start: it was deleted. A person has to make it"
            " again (PutDeliveryChannel), to a bucket that the organisation trusts"
        )


def settled(run, state):
    return state["recording"]


def start_recorder(run):
    config = boto3.client("config")
    if not status_of(run)["recording"]:
        config.start_configuration_recorder(ConfigurationRecorderName=run["target"])


def restore_recorder(run):
    config, recording = boto3.client("config"), status_of(run)["recording"]
    if run["before"]["recording"] and not recording:
        config.start_configuration_recorder(ConfigurationRecorderName=run["target"])
    if recording and not run["before"]["recording"]:
        config.stop_configuration_recorder(ConfigurationRecorderName=run["target"])


def calls(run, state):
    if state["recording"]:
        return []
    return [{"call": "config:StartConfigurationRecorder", "on": run["target"], "change": "recording on"}]


def impact(run, state):
    """Since when nothing is recorded, what is left out, and where it goes."""
    lines, group = [], state["recorder"].get("recordingGroup", {})
    if not state["recording"]:
        stopped = status_of(run).get("lastStopTime")
        lines.append(f"nothing has been recorded since {in_utc(stopped)}" if stopped else "it never recorded anything")
    if group.get("resourceTypes"):
        lines.append(f"it records {', '.join(group['resourceTypes'])} alone: look whether that was always so")
    left_out = group.get("exclusionByResourceTypes", {}).get("resourceTypes")
    if left_out:
        lines.append(f"it leaves out {', '.join(left_out)}: look whether that was always so")
    return lines + deliveries(state)


def in_utc(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def deliveries(state):
    lines = [f"it delivers to the bucket {channel['s3BucketName']}" for channel in state["delivery_channels"]]
    config = boto3.client("config")
    for channel in config.describe_delivery_channel_status()["DeliveryChannelsStatus"]:
        for kind in ("configHistoryDeliveryInfo", "configSnapshotDeliveryInfo", "configStreamDeliveryInfo"):
            if channel.get(kind, {}).get("lastStatus") == "Failure":
                lines.append(f"the last delivery by {channel['name']} failed: {channel[kind].get('lastErrorCode')}")
    return lines
