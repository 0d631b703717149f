import boto3


def place(run):
    bucket, _, key = run["target"].partition("/")
    return bucket, objects_below(run["role"].split(":")[1], bucket, key)


def observe(run):
    s3, (bucket, _) = boto3.client("s3"), place(run)
    before = run["before"] or {}
    sid = before.get("sid") or sid_of("TocsinDenyObjects", run["incident"], run["target"])
    # Only the own statement is told, and the switch only where it was on: what others change meanwhile is theirs.
    found = before["block_public_policy"] if before else found_blocking(s3, bucket)
    return {
        "sid": sid,
        "statement": own_statement(s3, bucket, sid),
        "block_public_policy": found and blocks_public_policies(s3, bucket),
    }


def statement_of(run, sid):
    return deny(sid, "s3:*", place(run)[1], [*run["responder_arns"], run["role"]])


def refuse(run, before):
    if not any(arn.strip() for arn in run["responder_arns"]):
        raise ValueError("ResponderArns is empty: the statement would shut out the responders themselves")
    if before["statement"]:
        raise touched(run)
    require_room(boto3.client("s3"), place(run)[0], statement_of(run, before["sid"]))


def settled(run, state):
    return state["statement"] is not None


def deny_objects(run):
    s3, before = boto3.client("s3"), run["before"]
    set_statement(s3, place(run)[0], before["sid"], statement_of(run, before["sid"]), before["block_public_policy"])


def release_objects(run):
    s3, before = boto3.client("s3"), run["before"]
    set_statement(s3, place(run)[0], before["sid"], before["statement"], before["block_public_policy"])


def calls(run, state):
    s3, (bucket, resources) = boto3.client("s3"), place(run)
    spared = ", ".join(run["responder_arns"])
    change = f"adds the statement {state['sid']}, which denies s3:* on {' and '.join(resources)} to all but {spared}"
    found = [{"call": "s3:PutBucketPolicy", "on": bucket, "change": change}]
    if needs_opening(s3, bucket):
        found.append(
            {
                "call": "s3:PutPublicAccessBlock",
                "on": bucket,
                "change": "BlockPublicPolicy off for the moment of that change, then on again",
            }
        )
    return found


def impact(run, state):
    bucket, resources = place(run)
    return granted(boto3.client("s3"), bucket, resources)
