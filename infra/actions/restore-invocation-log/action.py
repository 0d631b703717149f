import boto3

# Named even where they are off. Younger kinds are named only where they are wanted: an older SDK does not know them.
KINDS_OF_DATA = ("text", "image", "embedding")


def observe(run):
    found = configuration(boto3.client("bedrock"))
    wanted = configuration_wanted(run)
    return {
        "configuration": found,
        "settings": pairs(found or {}),
        "wanted": pairs(wanted),
        "wanted_configuration": wanted,
        "destinations": destinations(run, wanted),
    }


def configuration(bedrock):
    return bedrock.get_model_invocation_logging_configuration().get("loggingConfig")


def configuration_wanted(run):
    """What was asked for when the logging was first looked at: a repeat, and the reversal, keep to it."""
    if run["before"] is not None:
        return run["before"]["wanted_configuration"]
    wanted = {f"{kind}DataDeliveryEnabled": kind in run["data_kinds"] for kind in {*KINDS_OF_DATA, *run["data_kinds"]}}
    if run["bucket_name"]:
        wanted["s3Config"] = in_bucket(run["bucket_name"], run["key_prefix"])
    if run["log_group_name"]:
        wanted["cloudWatchConfig"] = {"logGroupName": run["log_group_name"], "roleArn": run["role_arn"]}
        if run["large_data_bucket_name"]:
            wanted["cloudWatchConfig"]["largeDataDeliveryS3Config"] = in_bucket(
                run["large_data_bucket_name"], run["key_prefix"]
            )
    return wanted


def in_bucket(name, prefix):
    return {"bucketName": name, "keyPrefix": prefix} if prefix else {"bucketName": name}


def pairs(settings, path=""):
    """The settings one by one, each under its path. Switches that are off are left out: Bedrock may not show them."""
    listed = []
    for name, value in sorted(settings.items()):
        if isinstance(value, dict):
            listed += pairs(value, f"{path}{name}/")
        elif value:
            listed.append({"setting": f"{path}{name}", "value": value})
    return listed


def buckets_of(config):
    large = config.get("cloudWatchConfig", {}).get("largeDataDeliveryS3Config", {})
    return [found["bucketName"] for found in (config.get("s3Config", {}), large) if found.get("bucketName")]


def destinations(run, config):
    """Whether each bucket and log group is there, in this account and region: Bedrock writes to no others."""
    listed = [{"destination": f"bucket {name}", "usable": is_own_bucket(run, name)} for name in buckets_of(config)]
    group = config.get("cloudWatchConfig", {}).get("logGroupName")
    if group:
        listed.append({"destination": f"log group {group}", "usable": is_log_group(group)})
    return listed


def is_own_bucket(run, bucket):
    account, region = run["target"].split(":")
    s3 = boto3.client("s3")
    try:
        found = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except s3.exceptions.ClientError as error:
        # An answer to HEAD has no body: the code is the status. A bucket in another region may be answered with a redirect.
        if error.response["Error"]["Code"] not in ("301", "400", "403", "404", "NoSuchBucket", "AccessDenied"):
            raise
        return False
    return found["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", region) == region


def is_log_group(name):
    logs = boto3.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return any(group["logGroupName"] == name for page in pages for group in page["logGroups"])


def refuse(run, before):
    account, own = run["target"].split(":")[0], run["role"].split(":")[4]
    here = boto3.client("bedrock").meta.region_name
    if run["target"] != f"{own}:{here}":
        raise ValueError(f"{run['target']} is not the logging of this account and region, {own}:{here}")
    if not before["destinations"]:
        raise ValueError(
            "the signed settings name neither BucketName nor LogGroupName: where the log should go is not guessed."
            f" Add one of account {account} to the settings of restore-invocation-log"
        )
    if before["wanted_configuration"].get("cloudWatchConfig", {}).get("roleArn") == "":
        raise ValueError("LogGroupName needs RoleArn, the role with which Bedrock writes to the log group")
    unusable = [one["destination"] for one in before["destinations"] if not one["usable"]]
    if unusable:
        raise ValueError(
            f"not there, or not of this account and region: {', '.join(unusable)}. The log could not be written to it"
        )


def is_as_wanted(state):
    """As wanted and no more: not to a second place, and no kind of data that was refused."""
    decided = {*state["wanted_configuration"], "s3Config", "cloudWatchConfig"}
    found = {name: value for name, value in (state["configuration"] or {}).items() if name in decided}
    return pairs(found) == state["wanted"]


def settled(run, state):
    return is_as_wanted(state)


def put_configuration(run):
    if not is_as_wanted(observe(run)):
        bedrock = boto3.client("bedrock")
        bedrock.put_model_invocation_logging_configuration(loggingConfig=run["before"]["wanted_configuration"])


def restore_configuration(run):
    bedrock, recorded = boto3.client("bedrock"), run["before"]["configuration"]
    if configuration(bedrock) == recorded:
        return
    if recorded is None:
        bedrock.delete_model_invocation_logging_configuration()
    else:
        bedrock.put_model_invocation_logging_configuration(loggingConfig=recorded)


def calls(run, state):
    if is_as_wanted(state):
        return []
    change = ", ".join(f"{one['setting']} = {one['value']}" for one in state["wanted"])
    return [{"call": "bedrock:PutModelInvocationLoggingConfiguration", "on": run["target"], "change": change}]


def impact(run, state):
    """What becomes of the logging found."""
    found = state["configuration"]
    if found is None:
        return ["no invocation of a model is logged now"]
    lines = []
    for one in destinations(run, found):
        of_whom = "" if one["usable"] else ", which is not there or not of this account and region"
        lines.append(f"the log goes to the {one['destination']} now{of_whom}")
    return lines
