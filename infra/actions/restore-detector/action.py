import boto3


def observe(run):
    guardduty, detector = boto3.client("guardduty"), run["target"]
    try:
        found = guardduty.get_detector(DetectorId=detector)
    except guardduty.exceptions.ClientError as error:
        if "not owned by the current account" not in error.response["Error"]["Message"]:
            raise
        raise ValueError(
            f"there is no detector {detector} here: it was deleted. A person has to turn GuardDuty on again (CreateDetector);"
            " findings and filters of the deleted detector are gone"
        ) from error
    return {
        "status": found["Status"],
        "finding_publishing_frequency": found["FindingPublishingFrequency"],
        "features": features_of(found.get("Features", [])),
        "wanted": wanted(run),
        "archiving_filters": archiving_filters(run),
    }


def features_of(features):
    """One entry a protection plan, and one a part of it, named plan/part."""
    listed = []
    for one in features:
        listed.append({"feature": one["Name"], "status": one["Status"]})
        for part in one.get("AdditionalConfiguration", []):
            listed.append({"feature": f"{one['Name']}/{part['Name']}", "status": part["Status"]})
    return sorted(listed, key=lambda one: one["feature"])


def wanted(run):
    """What was asked for when the detector was first looked at: a repeat, and the reversal, keep to it."""
    if run["before"] is not None:
        return run["before"]["wanted"]
    # A part can only be on while its plan is.
    names = {name for given in run["features"] for name in (given, given.split("/")[0]) if name}
    return [{"feature": name, "status": "ENABLED"} for name in sorted(names)]


def archiving_filters(run):
    """A filter that archives hides what it matches: findings of it reach nobody."""
    guardduty, detector = boto3.client("guardduty"), run["target"]
    names = [
        name for page in guardduty.get_paginator("list_filters").paginate(DetectorId=detector) for name in page["FilterNames"]
    ]
    filters = [guardduty.get_filter(DetectorId=detector, FilterName=name) for name in sorted(names)]
    return [one["Name"] for one in filters if one["Action"] == "ARCHIVE"]


def lacking(state):
    return [one for one in state["wanted"] if one not in state["features"]]


def settled(run, state):
    return state["status"] == "ENABLED" and not lacking(state)


def enable_detector(run):
    guardduty = boto3.client("guardduty")
    if guardduty.get_detector(DetectorId=run["target"])["Status"] != "ENABLED":
        guardduty.update_detector(DetectorId=run["target"], Enable=True)


def publish_often(run):
    set_frequency(run, "FIFTEEN_MINUTES")


def set_frequency(run, frequency):
    guardduty = boto3.client("guardduty")
    if guardduty.get_detector(DetectorId=run["target"])["FindingPublishingFrequency"] != frequency:
        guardduty.update_detector(DetectorId=run["target"], FindingPublishingFrequency=frequency)


def enable_features(run):
    set_features(run, lacking(observe(run)))


def set_features(run, features):
    """Features that are not named stay as they are, and so do the parts of a plan that are not named."""
    guardduty, status = boto3.client("guardduty"), {one["feature"]: one["status"] for one in features}
    # A part is given inside its plan, which has to be given a status too: its own.
    present = {one["feature"]: one["status"] for one in observe(run)["features"]}
    changes = []
    for plan in sorted({name.split("/")[0] for name in status}):
        change = {"Name": plan, "Status": status.get(plan) or present.get(plan, "DISABLED")}
        parts = [{"Name": name.split("/")[1], "Status": status[name]} for name in sorted(status) if name.startswith(f"{plan}/")]
        changes.append({**change, "AdditionalConfiguration": parts} if parts else change)
    if changes:
        guardduty.update_detector(DetectorId=run["target"], Features=changes)


def restore_features(run):
    recorded = {one["feature"]: one["status"] for one in run["before"]["features"]}
    found = {one["feature"]: one["status"] for one in observe(run)["features"]}
    # Only what the action may have turned on.
    names = [one["feature"] for one in run["before"]["wanted"]]
    back = {name: recorded.get(name, "DISABLED") for name in names}
    set_features(
        run, [{"feature": name, "status": status} for name, status in back.items() if found.get(name, "DISABLED") != status]
    )


def restore_frequency(run):
    set_frequency(run, run["before"]["finding_publishing_frequency"])


def restore_detector(run):
    guardduty = boto3.client("guardduty")
    guardduty.update_detector(DetectorId=run["target"], Enable=run["before"]["status"] == "ENABLED")


def calls(run, state):
    changes = []
    if state["status"] != "ENABLED":
        changes.append("on")
    if state["finding_publishing_frequency"] != "FIFTEEN_MINUTES":
        changes.append("updates of findings every fifteen minutes")
    if lacking(state):
        changes.append(f"turns on {', '.join(one['feature'] for one in lacking(state))}")
    return [{"call": "guardduty:UpdateDetector", "on": run["target"], "change": change} for change in changes]


def impact(run, state):
    """What stays hidden, and which plans are off that nobody asked for."""
    lines = [
        f"the filter {name} archives what it matches: look at it, it stays as it is" for name in state["archiving_filters"]
    ]
    asked = [one["feature"] for one in state["wanted"]]
    off = [one["feature"] for one in state["features"] if one["status"] != "ENABLED" and one["feature"] not in asked]
    if off:
        lines.append(f"off, and not in the signed settings: {', '.join(off)}")
    return lines
