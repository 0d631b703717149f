import boto3
import datetime
import hashlib
import json

COMMAND = "Tocsin-DumpMemory"
DEVICE = "/dev/sdz"
# How long the agent has to fetch the command. One that does so later finds an isolated machine.
DELIVERY_SECONDS = 120
UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")


def agent_missing(ssm, run):
    """Why the agent can't be asked, if it can't."""
    wanted = [{"Key": "InstanceIds", "Values": [run["instance_id"]]}]
    found = ssm.describe_instance_information(Filters=wanted)["InstanceInformationList"]
    if not found:
        return "no agent of Systems Manager runs on it"
    if found[0]["PlatformType"] != "Linux":
        return f"its memory can't be dumped: the tool is for Linux, and this is {found[0]['PlatformType']}"
    return None if found[0]["PingStatus"] == "Online" else f"its agent of Systems Manager does not answer: {found[0]['PingStatus']}"


def command_of(ssm, run):
    """The command of this incident, the first where it was sent twice."""
    pages = ssm.get_paginator("list_commands").paginate(InstanceId=run["instance_id"])
    sent = [one for page in pages for one in page["Commands"] if one["DocumentName"] == COMMAND and one["Comment"] == run["incident_id"]]
    return min(sent, key=lambda one: one["RequestedDateTime"], default=None)


def volume_of(ec2, run):
    tags = {**subject(run), "tocsin:purpose": "memory"}
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
    found = ec2.describe_volumes(Filters=filters)["Volumes"]
    return found[0] if found else None


def prepared(ec2, run):
    """The volume once it is attached, or why there will be none. Neither: it comes with the next attempt."""
    volume = volume_of(ec2, run)
    changer = boto3.client("ec2", config=once())
    if volume is None:
        found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [run["instance_id"]]}])["Reservations"]
        if not found:
            return None, "there is no such instance here: terminated, or in another region"
        instance = found[0]["Instances"][0]
        kind = ec2.describe_instance_types(InstanceTypes=[instance["InstanceType"]])["InstanceTypes"][0]
        # By this token EC2 knows a repeat.
        token = hashlib.sha256(f"{run['incident_id']} {run['instance_id']} memory".encode()).hexdigest()[:64]
        _, refusal = tried(
            lambda: changer.create_volume(
                AvailabilityZone=instance["Placement"]["AvailabilityZone"],
                # What the tool writes beside the memory is little, and so is the file system.
                Size=int(kind["MemoryInfo"]["SizeInMiB"] * 1.1 / 1024) + 3,
                VolumeType="gp3",
                Encrypted=True,
                ClientToken=token,
                TagSpecifications=specification({**subject(run), "tocsin:purpose": "memory"}, "volume"),
            )
        )
        return None, refusal
    if any(one["State"] == "attached" for one in volume["Attachments"]):
        return volume["VolumeId"], None
    if volume["State"] != "available":
        return None, "the volume for the dump can't be used" if volume["State"] == "error" else None
    _, refusal = tried(lambda: changer.attach_volume(VolumeId=volume["VolumeId"], InstanceId=run["instance_id"], Device=DEVICE))
    return None, refusal


def send(run, volume):
    ssm = boto3.client("ssm", config=once())
    s3 = boto3.client("s3", region_name=run["vault_region"])
    # It reads the tool, which is no secret, and nothing else.
    named = {"Bucket": run["tool_bucket"], "Key": run["tool_key"]}
    url = s3.generate_presigned_url("get_object", Params=named, ExpiresIn=900)
    given = {
        "IncidentId": run["incident_id"],
        "VolumeId": volume,
        "ToolUrl": url,
        "ToolSha256": run["tool_sha256"],
        "TimeLimitSeconds": run["time_limit_seconds"],
    }
    return tried(
        lambda: ssm.send_command(
            InstanceIds=[run["instance_id"]],
            DocumentName=COMMAND,
            Comment=run["incident_id"],
            TimeoutSeconds=DELIVERY_SECONDS,
            Parameters={name: [value] for name, value in given.items()},
        )
    )[1]


def is_overdue(command, run):
    age = datetime.datetime.now(datetime.UTC) - command["RequestedDateTime"]
    return age.total_seconds() > int(run["time_limit_seconds"]) + DELIVERY_SECONDS


def ended(ssm, run, command):
    """(whether there may be a dump, why it is not known to be whole). (None, None) while it is under way."""
    found = ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=run["instance_id"])
    if found["Status"] in UNDER_WAY:
        if not is_overdue(command, run):
            return None, None
        return True, "the instance was isolated or stopped before the end of the dump was seen; what it had written is in the snapshot"
    if found["Status"] == "Success":
        return json.loads(found["StandardOutputContent"].strip().splitlines()[-1]), None
    said = found.get("StandardErrorContent", "").strip().splitlines()
    return False, f"the dump ended with {found['StatusDetails']}: {said[-1] if said else 'it said nothing'}"


def memory_snapshot(ec2, run):
    found = [one for one in snapshots_of(ec2, run) if tag_of(one, "tocsin:purpose") == "memory"]
    sound = [one for one in found if one["State"] != "error"]
    return (sound or found or [None])[0], len(found)


def preserve(run):
    instance = run["instance_id"]
    if not (run["tool_bucket"] and run["tool_key"] and run["tool_sha256"] and is_evidence_set(run)):
        return answer([], [(instance, "its memory was not captured: no tool or no evidence account is set")], False)
    ec2, ssm = boto3.client("ec2"), boto3.client("ssm")
    command = command_of(ssm, run)
    if command is None:
        missing = agent_missing(ssm, run)
        volume, refusal = (None, missing) if missing else prepared(ec2, run)
        if volume:
            refusal = send(run, volume)
        return answer([], [(instance, refusal)] if refusal else [], not refusal)
    dump, why = ended(ssm, run, command)
    gaps = [(instance, why)] if why else []
    if not dump:
        return answer([], gaps, dump is None)
    snapshot, tries = memory_snapshot(ec2, run)
    if snapshot is None or (snapshot["State"] == "error" and tries < TRIES):
        volume = volume_of(ec2, run)["VolumeId"]
        ec2 = boto3.client("ec2", config=once())
        tags = specification({**subject(run), "tocsin:purpose": "memory", "tocsin:volume": volume})
        about = f"Evidence of {run['incident_id']} from {instance}: memory"
        _, refusal = tried(lambda: ec2.create_snapshot(VolumeId=volume, Description=about, TagSpecifications=tags))
        return answer([], [*gaps, (instance, refusal)] if refusal else gaps, not refusal)
    if snapshot["State"] == "error":
        return answer([described(snapshot, {})], [*gaps, (instance, "the snapshot of its dump failed")], False)
    completed = [snapshot] if snapshot["State"] == "completed" else []
    copies, more, waiting = handed_over(run, completed, ec2.meta.region_name)
    told = {"dump": dump} if isinstance(dump, dict) else {}
    left = {"left": [snapshot["VolumeId"]]}
    return answer([described(snapshot, copies)], gaps + more, waiting or not completed, **told, **left)
