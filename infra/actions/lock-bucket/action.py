import boto3
import json
import time

ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
ENFORCED = "BucketOwnerEnforced"
# The actions that go on working in a locked bucket.
BESIDE = ("Tocsin-DenyObjects", "Tocsin-DenyModelArtifacts")
# The state has to fit into the parameters of the reversal, however many rules somebody made.
MOST_RULES = 12
LONGEST_RULE = 160


def ownership_of(s3, bucket):
    """None where it was never set: then whoever writes an object owns it."""
    controls = setting(
        s3, lambda: s3.get_bucket_ownership_controls(Bucket=bucket), "OwnershipControls", "OwnershipControlsNotFoundError"
    )
    return controls and controls["Rules"][0]["ObjectOwnership"]


def observe(run):
    s3, bucket = boto3.client("s3"), run["target"]
    acl = s3.get_bucket_acl(Bucket=bucket)
    versioning = s3.get_bucket_versioning(Bucket=bucket)
    return {
        "public_access_block": switches_of(s3, bucket),
        "encryption": setting(
            s3,
            lambda: s3.get_bucket_encryption(Bucket=bucket),
            "ServerSideEncryptionConfiguration",
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        "policy": policy_told(run, policy_text(s3, bucket)),
        "ownership": ownership_of(s3, bucket),
        "acl": {"Owner": acl["Owner"], "Grants": acl["Grants"]},
        # With MFA delete only the root user can change it: left alone.
        "versioning": None if versioning.get("MFADelete") == "Enabled" else versioning.get("Status"),
        "carries_on": rules_that_go_on(s3, bucket),
    }


def policy_told(run, text):
    """The policy's text. Once the lock is gone, it is the text as found wherever all that was found is there: what others added
    meanwhile is theirs, and Tocsin's other actions tell of their statements themselves."""
    before, now = run["before"], statements_of(json.loads(text or "{}"))
    if before is None or any(one.get("Sid") == LOCK for one in now):
        return text
    found = [one for one in statements_of(json.loads(before["policy"] or "{}")) if not one.get("Sid", "").startswith("TocsinDeny")]
    return before["policy"] if all(one in now for one in found) else text


def rules_that_go_on(s3, bucket):
    """What S3 does for the bucket by itself: no policy stops it, since nobody asks for it."""
    lifecycle = setting(
        s3, lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), "Rules", "NoSuchLifecycleConfiguration"
    )
    found = []
    for rule in lifecycle or []:
        does = "deletes objects" if any("Expiration" in name for name in rule) else "moves or tidies up objects"
        found.append((rule, f"lifecycle rule {rule.get('ID')}: {does}"))
    replication = setting(
        s3,
        lambda: s3.get_bucket_replication(Bucket=bucket),
        "ReplicationConfiguration",
        "ReplicationConfigurationNotFoundError",
    )
    for rule in (replication or {}).get("Rules", []):
        where = f"to {rule['Destination']['Bucket']} by {replication['Role'].rsplit('/', 1)[-1]}"
        found.append((rule, f"replication rule {rule.get('ID')}: {where}, a role that the lock denies unless it is a responder"))
    for one in s3.list_bucket_inventory_configurations(Bucket=bucket).get("InventoryConfigurationList", []):
        where = one["Destination"]["S3BucketDestination"]["Bucket"]
        found.append(({} if one["IsEnabled"] else {"Status": "Disabled"}, f"inventory {one['Id']}: names the objects to {where}"))
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    for kind in ("Topic", "Queue", "LambdaFunction"):
        for one in told.get(f"{kind}Configurations", []):
            found.append(({}, f"notification {one.get('Id')}: tells {one[f'{kind}Arn']} of {', '.join(one['Events'])}"))
    if "EventBridgeConfiguration" in told:
        found.append(({}, "notification: tells EventBridge of all events"))
    # Two opening braces would be the name of a parameter to Systems Manager.
    lines = [line[:LONGEST_RULE].replace("{" * 2, "{ {") for rule, line in found if rule.get("Status") != "Disabled"]
    more = len(lines) - MOST_RULES
    return [*lines[:MOST_RULES], *([f"{more} more rules"] if more > 0 else [])]


def lock_for(run):
    partition, bucket = run["role"].split(":")[1], run["target"]
    arn = f"arn:{partition}:s3:::{bucket}"
    # This role is spared too: the reversal, and a repeat, run with it.
    roles = [run["role"], *(f"{run['role'].rsplit('/', 1)[0]}/{name}" for name in BESIDE)]
    return deny(LOCK, "s3:*", [arn, f"{arn}/*"], [*run["responder_arns"], *roles])


def refuse(run, before):
    if not any(arn.strip() for arn in run["responder_arns"]):
        raise ValueError("ResponderArns is empty: the lock would shut out the responders themselves")
    if LOCK in (before["policy"] or ""):
        raise touched(run)
    require_room(boto3.client("s3"), run["target"], lock_for(run))


def settled(run, state):
    rules = (state["encryption"] or {}).get("Rules", [])
    return (
        state["public_access_block"] == ALL_BLOCKED
        and any(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms" for rule in rules)
        and LOCK in (state["policy"] or "")
        and state["ownership"] == ENFORCED
        and state["versioning"] != "Suspended"
    )


def restored(run, state):
    # Whether its rules were changed meanwhile is none of the lock's.
    return {**state, "carries_on": []} == {**run["before"], "carries_on": []}


def merge_policy(run):
    set_statement(boto3.client("s3"), run["target"], LOCK, lock_for(run), False)


def encrypt_by_default(run):
    default = {"SSEAlgorithm": "aws:kms"}
    if run["kms_key_arn"]:
        default["KMSMasterKeyID"] = run["kms_key_arn"]
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3 = boto3.client("s3")
    s3.put_bucket_encryption(Bucket=run["target"], ServerSideEncryptionConfiguration={"Rules": [rule]})


def block_public_access(run):
    s3 = boto3.client("s3")
    s3.put_public_access_block(Bucket=run["target"], PublicAccessBlockConfiguration=ALL_BLOCKED)


def only_the_owner(acl):
    grants = [(one["Permission"], one["Grantee"].get("ID")) for one in acl["Grants"]]
    return grants == [("FULL_CONTROL", acl["Owner"]["ID"])]


def unless_refused(s3, code, change):
    """Of two settings that depend on each other, S3 may know the first a little later than it said."""
    for attempt in range(6):
        try:
            return change()
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != code or attempt == 5:
                raise
            time.sleep(1)


def disable_acls(run):
    s3, bucket = boto3.client("s3"), run["target"]
    if ownership_of(s3, bucket) == ENFORCED:
        return
    # S3 refuses to disable ACLs while the bucket's own grants anything to others. Those of its objects are kept, and void.
    if not only_the_owner(run["before"]["acl"]):
        s3.put_bucket_acl(Bucket=bucket, ACL="private")
    controls = {"Rules": [{"ObjectOwnership": ENFORCED}]}
    unless_refused(
        s3,
        "InvalidBucketAclWithObjectOwnership",
        lambda: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls),
    )


def resume_versioning(run):
    if run["before"]["versioning"] == "Suspended":
        boto3.client("s3").put_bucket_versioning(Bucket=run["target"], VersioningConfiguration={"Status": "Enabled"})


def let_settings_be_restored(run):
    # S3 refuses a policy that grants public access while BlockPublicPolicy is on, and such an ACL while BlockPublicAcls is, and those
    # recorded may do so. The other two switches keep the public out until they are back.
    switches = {**ALL_BLOCKED, "BlockPublicPolicy": False, "BlockPublicAcls": False}
    boto3.client("s3").put_public_access_block(Bucket=run["target"], PublicAccessBlockConfiguration=switches)


def restore_policy(run):
    set_statement(boto3.client("s3"), run["target"], LOCK, None, False, run["before"]["policy"])


def restore_encryption(run):
    s3, recorded = boto3.client("s3"), run["before"]["encryption"]
    if recorded is None:
        s3.delete_bucket_encryption(Bucket=run["target"])
    else:
        s3.put_bucket_encryption(Bucket=run["target"], ServerSideEncryptionConfiguration=recorded)


def restore_acls(run):
    s3, bucket, recorded = boto3.client("s3"), run["target"], run["before"]["ownership"]
    if recorded == ENFORCED:
        return
    # While ACLs are disabled, none can be put.
    if recorded is None:
        s3.delete_bucket_ownership_controls(Bucket=bucket)
    else:
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": recorded}]})
    unless_refused(
        s3,
        "AccessControlListNotSupported",
        lambda: s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=run["before"]["acl"]),
    )


def restore_versioning(run):
    if run["before"]["versioning"] == "Suspended":
        boto3.client("s3").put_bucket_versioning(Bucket=run["target"], VersioningConfiguration={"Status": "Suspended"})


def restore_public_access(run):
    s3, recorded = boto3.client("s3"), run["before"]["public_access_block"]
    if recorded is None:
        s3.delete_public_access_block(Bucket=run["target"])
    else:
        s3.put_public_access_block(Bucket=run["target"], PublicAccessBlockConfiguration=recorded)


def calls(run, state):
    changes = [
        ("PutBucketPolicy", f"adds the statement {LOCK}, which denies all but {', '.join(run['responder_arns'])}"),
        ("PutBucketEncryption", f"KMS by default, under {run['kms_key_arn'] or 'the key that AWS manages for S3'}"),
        ("PutPublicAccessBlock", "all four switches on"),
    ]
    if state["ownership"] != ENFORCED:
        changes += [] if only_the_owner(state["acl"]) else [("PutBucketAcl", "private: no grant but the owner's")]
        changes += [("PutBucketOwnershipControls", f"{ENFORCED}: no ACL grants anything")]
    if state["versioning"] == "Suspended":
        changes += [("PutBucketVersioning", "Enabled: what is overwritten or deleted is kept")]
    return [{"call": f"s3:{call}", "on": run["target"], "change": change} for call, change in changes]


def impact(run, state):
    """Who is named in policy and ACL now, and loses access; and what goes on all the same."""
    found = [
        f"the policy's statement {one.get('Sid', 'without a name')} grants {json.dumps(one.get('Principal'))}:"
        " denied from now on"
        for one in statements_of(json.loads(state["policy"] or "{}"))
        if one.get("Effect") == "Allow"
    ]
    for one in state["acl"]["Grants"]:
        who = one["Grantee"].get("ID") or one["Grantee"].get("URI")
        if who != state["acl"]["Owner"]["ID"]:
            found.append(f"the ACL grants {one['Permission']} to {who}: void from now on")
    return found + [f"not stopped by the lock: {line}" for line in state["carries_on"]]
