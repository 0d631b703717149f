import boto3
import datetime

# A setting as GetTrail names it -> as UpdateTrail does.
UPDATED_AS = {
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "LogFileValidationEnabled": "EnableLogFileValidation",
    "S3BucketName": "S3BucketName",
    "S3KeyPrefix": "S3KeyPrefix",
    "KmsKeyId": "KmsKeyId",
}
SWITCHES = ("IsMultiRegionTrail", "IncludeGlobalServiceEvents", "LogFileValidationEnabled")
# Changed by nobody here, but a person wants to see them.
SHOWN = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "SnsTopicName")
EVERYTHING = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
EVERYTHING_ADVANCED = {"Name": "Management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
MOST_SELECTORS = 5


def trails(run):
    """A trail is changed in its home region alone, which its ARN names."""
    region = run["target"].split(":")[3] if run["target"].startswith("arn:") else None
    return boto3.client("cloudtrail", region_name=region)


def observe(run):
    cloudtrail, name = trails(run), run["target"]
    try:
        trail = cloudtrail.get_trail(Name=name)["Trail"]
    except cloudtrail.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "TrailNotFoundException":
            raise
        raise ValueError(
            f"there is no trail {name} here: it was deleted. A person has to make it again (CreateTrail, then StartLogging);"
            " the event history of CloudTrail shows for 90 days how it was made, AWS Config for longer"
        ) from error
    found = cloudtrail.get_event_selectors(TrailName=name)
    selectors = {kind: found[kind] for kind in ("EventSelectors", "AdvancedEventSelectors") if found.get(kind)}
    settings = {key: trail.get(key, False if key in SWITCHES else "") for key in (*UPDATED_AS, *SHOWN)}
    settings["ManagementEvents"] = management_events(selectors)
    return {
        "trail": trail["TrailARN"],
        "organisation": bool(trail.get("IsOrganizationTrail")),
        "logging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
        "settings": pairs(settings),
        "wanted": wanted(run),
        "selectors": selectors,
    }


def pairs(settings):
    return [{"setting": key, "value": value} for key, value in sorted(settings.items())]


def wanted(run):
    """The settings asked for when the trail was first looked at: a repeat, and the reversal, keep to them."""
    if run["before"] is not None:
        return run["before"]["wanted"]
    settings = {"S3BucketName": run["bucket_name"], "S3KeyPrefix": run["key_prefix"], "KmsKeyId": run["kms_key_arn"]}
    settings["ManagementEvents"] = run["management_events"]
    settings["LogFileValidationEnabled"] = run["log_file_validation"] == "true"
    # CloudTrail knows no trail of every region without the global services.
    settings["IsMultiRegionTrail"] = settings["IncludeGlobalServiceEvents"] = run["multi_region"] == "true"
    return pairs({key: value for key, value in settings.items() if value})


def management_events(selectors):
    """`All`, `None`, or `Narrowed` where only some of the management events are selected."""
    basic = [one for one in selectors.get("EventSelectors", []) if one["IncludeManagementEvents"]]
    advanced = [one for one in selectors.get("AdvancedEventSelectors", []) if selects_management(one)]
    full = any(one["ReadWriteType"] == "All" and not one.get("ExcludeManagementEventSources") for one in basic)
    if full or any(len(one["FieldSelectors"]) == 1 for one in advanced):
        return "All"
    return "Narrowed" if basic or advanced else "None"


def selects_management(selector):
    return any(
        field["Field"] == "eventCategory" and "Management" in field.get("Equals", []) for field in selector["FieldSelectors"]
    )


def refuse(run, before):
    owner, own = before["trail"].split(":")[4], run["role"].split(":")[4]
    if owner != own:
        raise ValueError(f"{before['trail']} is the trail of account {owner}: it is changed there, not from account {own}")


def lacking(state):
    """The wanted settings that the trail does not have."""
    return {one["setting"]: one["value"] for one in state["wanted"] if one not in state["settings"]}


def settled(run, state):
    return state["logging"] and not lacking(state)


def start_logging(run):
    cloudtrail = trails(run)
    if not cloudtrail.get_trail_status(Name=run["target"])["IsLogging"]:
        cloudtrail.start_logging(Name=run["target"])


def update_trail(run):
    change_settings(run, lacking(observe(run)))


def change_settings(run, settings):
    changes = {UPDATED_AS[key]: value for key, value in settings.items() if key in UPDATED_AS}
    if changes:
        cloudtrail = trails(run)
        cloudtrail.update_trail(Name=run["target"], **changes)


def select_management_events(run):
    state = observe(run)
    if "ManagementEvents" in lacking(state):
        put_selectors(run, with_management_events(state["selectors"]))


def with_management_events(selectors):
    if "AdvancedEventSelectors" in selectors:
        others = [one for one in selectors["AdvancedEventSelectors"] if not selects_management(one)]
        return {"AdvancedEventSelectors": [EVERYTHING_ADVANCED, *others]}
    # Management events get a selector of their own, so that what is selected of data events stays as it is.
    data = [
        {**one, "IncludeManagementEvents": False, "ExcludeManagementEventSources": []}
        for one in selectors.get("EventSelectors", [])
        if one.get("DataResources")
    ]
    if len(data) == MOST_SELECTORS:
        # No room: the first takes them, and its data events widen to reading and writing.
        return {"EventSelectors": [{**EVERYTHING, "DataResources": data[0]["DataResources"]}, *data[1:]]}
    return {"EventSelectors": [EVERYTHING, *data]}


def put_selectors(run, selectors):
    cloudtrail = trails(run)
    cloudtrail.put_event_selectors(TrailName=run["target"], **selectors)


def restore_selectors(run):
    recorded = run["before"]["selectors"]
    if observe(run)["selectors"] != recorded:
        put_selectors(run, recorded)


def restore_settings(run):
    recorded = {one["setting"]: one["value"] for one in run["before"]["settings"]}
    found = {one["setting"]: one["value"] for one in observe(run)["settings"]}
    # Only what the action may have changed.
    names = [one["setting"] for one in run["before"]["wanted"]]
    change_settings(run, {key: recorded[key] for key in names if recorded[key] != found[key]})


def restore_logging(run):
    cloudtrail = trails(run)
    if run["before"]["logging"]:
        cloudtrail.start_logging(Name=run["target"])
    else:
        cloudtrail.stop_logging(Name=run["target"])


def calls(run, state):
    settings = lacking(state)
    management = settings.pop("ManagementEvents", None)
    made = []
    if not state["logging"]:
        made.append({"call": "cloudtrail:StartLogging", "on": state["trail"], "change": "logging on"})
    if settings:
        change = ", ".join(f"{UPDATED_AS[key]} = {value}" for key, value in settings.items())
        made.append({"call": "cloudtrail:UpdateTrail", "on": state["trail"], "change": change})
    if management:
        change = "all management events; the data events selected stay selected"
        made.append({"call": "cloudtrail:PutEventSelectors", "on": state["trail"], "change": change})
    return made


def in_utc(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def impact(run, state):
    """Since when nothing is recorded, and where the records go."""
    cloudtrail, settings = trails(run), {one["setting"]: one["value"] for one in state["settings"]}
    status = cloudtrail.get_trail_status(Name=run["target"])
    lines = []
    if not state["logging"]:
        stopped = status.get("StopLoggingTime")
        lines.append(f"nothing has been recorded since {in_utc(stopped)}" if stopped else "logging was never on")
    if status.get("LatestDeliveryError"):
        lines.append(f"the last delivery failed: {status['LatestDeliveryError']}")
    lines.append(f"log files go to the bucket {lacking(state).get('S3BucketName') or settings['S3BucketName']}")
    if state["organisation"]:
        lines.append("it is the trail of the organisation: it records every account")
    return lines
