"""What goes on beside a lock: other actions on the same bucket, changes by other people, and what S3 does by itself."""

import json

import pytest
from targets.bucket import ALL_BLOCKED, ALL_USERS, LIFECYCLE, PARTNER, PUBLIC, Bucket
from targets.deny_model_artifacts import ModelArtifacts
from targets.deny_objects import ObjectInBucket, statements
from test_actions import judged

KINDS = {
    "bare": {},
    "with a policy": {"statements": [PARTNER]},
    "public, blocked later": {"statements": [PUBLIC], "public_access_block": ALL_BLOCKED},
    "public": {"statements": [PUBLIC]},
}
RULE = {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}


def ended(run):
    assert run.status == "Success", run.failure
    return run


def meaning(target) -> dict:
    """Where several actions had their turn, the white space of people is not kept."""
    found = target.everything()
    policy = found["policy"]
    return {**found, "policy": {**json.loads(policy), "Statement": statements(policy)} if policy.startswith("{") else None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("applied", "reversed_"), [("LD", "LD"), ("LD", "DL"), ("DL", "LD"), ("DL", "DL")])
def test_objects_are_denied_and_released_beside_the_lock(actions_aws, documents, kind, applied, reversed_):
    bucket = Bucket(actions_aws, **KINDS[kind])
    found = meaning(bucket)
    targets = {"L": bucket, "D": ObjectInBucket(actions_aws, "a/", bucket=bucket.id)}
    befores = {name: ended(documents.apply(targets[name])).before for name in applied}
    sids = [one.get("Sid", "")[:12] for one in meaning(bucket)["policy"]["Statement"]]
    assert [sid for sid in sids if sid.startswith("Tocsin")] == [{"L": "TocsinLockBu", "D": "TocsinDenyOb"}[name] for name in applied]
    for name in reversed_:
        run = ended(documents.reverse(targets[name], befores[name]))
        observation = run.output("ObserveReversal.Observation")
        assert judged(targets[name].action, befores[name], observation, "--reversal") is None
    assert meaning(bucket) == found


def test_switch_that_the_lock_turned_on_is_given_back_by_the_lock(actions_aws, documents):
    """To `deny-objects` it looks as if it had been on when found."""
    bucket = Bucket(actions_aws, statements=[PUBLIC])
    lock = ended(documents.apply(bucket)).before
    other = ObjectInBucket(actions_aws, "a/", bucket=bucket.id)
    run = ended(documents.apply(other))
    assert json.loads(run.before)["block_public_policy"] is False
    assert bucket.everything()["public_access_block"] == ALL_BLOCKED
    ended(documents.reverse(bucket, lock))
    ended(documents.reverse(other, run.before))
    assert bucket.everything()["public_access_block"] == "NoSuchPublicAccessBlockConfiguration"


def test_artifacts_of_a_model_are_denied_beside_the_lock(actions_aws, documents):
    model = ModelArtifacts(actions_aws, found=PARTNER)
    bucket = Bucket.__new__(Bucket)
    bucket.s3, bucket.id, bucket.account, bucket.key = model.s3, model.buckets[0], actions_aws.account, ""
    bucket.s3.put_object(Bucket=bucket.id, Key="a", Body=b"")
    found = meaning(bucket)
    lock = ended(documents.apply(bucket)).before
    denied = ended(documents.apply(model)).before
    ended(documents.reverse(bucket, lock))
    ended(documents.reverse(model, denied))
    assert meaning(bucket) == found


def test_what_others_change_meanwhile_stays(actions_aws, documents):
    target = Bucket(actions_aws, statements=[PARTNER], lifecycle=LIFECYCLE)
    before = ended(documents.apply(target)).before
    policy = json.loads(target.everything()["policy"])
    added = {"Sid": "New", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{target.id}/b"}
    policy["Statement"].insert(0, added)
    target.s3.put_bucket_policy(Bucket=target.id, Policy=json.dumps(policy))
    target.s3.delete_bucket_lifecycle(Bucket=target.id)
    run = ended(documents.reverse(target, before))
    assert judged("lock-bucket", before, run.output("ObserveReversal.Observation"), "--reversal") is None
    now = json.loads(target.everything()["policy"])["Statement"]
    assert now == [added, *json.loads(json.loads(before)["policy"])["Statement"]]


def test_statement_that_was_found_and_is_gone_is_told(actions_aws, documents):
    target = Bucket(actions_aws, statements=[PARTNER])
    before = ended(documents.apply(target)).before
    policy = json.loads(target.everything()["policy"])
    target.s3.put_bucket_policy(Bucket=target.id, Policy=json.dumps({**policy, "Statement": policy["Statement"][1:]}))
    run = ended(documents.reverse(target, before))
    assert run.output("ObserveReversal.Observation")["policy"] is None
    assert "policy" in judged("lock-bucket", before, run.output("ObserveReversal.Observation"), "--reversal")


def test_rules_that_act_without_a_caller_are_named(actions_aws, documents):
    target = Bucket(actions_aws, versioning="Enabled", lifecycle=[*LIFECYCLE, RULE, {**RULE, "ID": "off", "Status": "Disabled"}])
    copies = Bucket(actions_aws, versioning="Enabled")
    role = f"arn:aws:iam::{actions_aws.account}:role/copier"
    rule = {"ID": "away", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{copies.id}"}}
    target.s3.put_bucket_replication(Bucket=target.id, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    destination = {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{copies.id}", "Format": "CSV"}}
    weekly = {"Id": "names", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Weekly"}}
    target.s3.put_bucket_inventory_configuration(
        Bucket=target.id, Id="names", InventoryConfiguration={**weekly, "Destination": destination}
    )
    target.s3.put_bucket_notification_configuration(
        Bucket=target.id, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    preview = documents.preview(target)
    run = ended(documents.apply(target))
    goes_on = [
        "lifecycle rule purge: deletes objects",
        "lifecycle rule archive: moves or tidies up objects",
        f"replication rule away: to arn:aws:s3:::{copies.id} by copier, a role that the lock denies unless it is a responder",
        f"inventory names: names the objects to arn:aws:s3:::{copies.id}",
        "notification: tells EventBridge of all events",
    ]
    assert run.output("ObserveContainment.Observation")["carries_on"] == goes_on
    assert [line for line in preview.output("PreviewContainment.Impact") if "the lock" in line] == [
        f"not stopped by the lock: {line}" for line in goes_on
    ]


def test_many_rules_with_strange_names_do_not_keep_the_bucket_open(actions_aws, documents):
    """Whoever is in the account could make so many that the state found did not fit into the reversal's parameters."""
    rules = [{**LIFECYCLE[0], "ID": f"{{{{ global:REGION }}}} {number} {'x' * 200}"} for number in range(100)]
    target = Bucket(actions_aws, lifecycle=rules)
    found = target.everything()
    run = ended(documents.apply(target))
    named = run.output("ObserveContainment.Observation")["carries_on"]
    assert (len(named), named[-1]) == (13, "88 more rules")
    assert "{{" not in run.before
    ended(documents.reverse(target, run.before))
    assert target.everything() == found


@pytest.mark.parametrize(
    ("kind", "operation", "code"),
    [
        ("document", "PutBucketOwnershipControls", "InvalidBucketAclWithObjectOwnership"),
        ("reversal", "PutBucketAcl", "AccessControlListNotSupported"),
    ],
)
def test_setting_that_s3_knows_a_little_later_is_waited_for(actions_aws, documents, kind, operation, code):
    target = Bucket(actions_aws, ownership="ObjectWriter", granted=[("Group", ALL_USERS, "READ")])
    found = target.everything()
    if kind == "document":
        documents.break_call("s3", operation, code, times=2)
    run = ended(documents.apply(target))
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    if kind == "reversal":
        documents.break_call("s3", operation, code, times=2)
    ended(documents.reverse(target, run.before))
    assert target.everything() == found


def test_acl_that_grants_others_keeps_acls_from_being_disabled(actions_aws):
    """What the action's order rests on. The local AWS refuses it as AWS does."""
    target = Bucket(actions_aws, ownership="ObjectWriter", granted=[("Group", ALL_USERS, "READ")])
    with pytest.raises(target.s3.exceptions.ClientError, match="InvalidBucketAclWithObjectOwnership"):
        target.own("BucketOwnerEnforced")


def test_bucket_without_room_for_the_lock_is_refused_before_anything_changes(actions_aws, documents):
    long = [{**PARTNER, "Sid": f"P{number}", "Resource": f"arn:aws:s3:::{{bucket}}/{'x' * 900}{number}"} for number in range(19)]
    target = Bucket(actions_aws, statements=long)
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "has no room for the statement" in run.failure
    assert target.everything() == found
