"""Several incidents deny objects of one bucket: each takes back what is its own, in any order and at any time."""

import concurrent.futures
import json

import pytest
from automation_runs import INCIDENT, pieces
from targets.bucket import ALL_BLOCKED, PARTNER, PUBLIC
from targets.deny_objects import RESPONDER, ObjectInBucket

OTHER_INCIDENT = "inc-fedcba98765432100123"
KEYS = ["a/", "c.csv", "a/inner/"]


def start(documents, target, kind: str, before: str | None = None, incident: str = INCIDENT):
    name = {"document": "Tocsin-DenyObjects", "reversal": "Tocsin-ReverseDenyObjects"}[kind]
    given = {
        "AutomationAssumeRole": f"arn:aws:iam::{target.account}:role/Tocsin-DenyObjects",
        "IncidentId": incident,
        "ObjectPath": target.id,
        **({"ResponderArns": [RESPONDER]} if kind == "document" else {}),
        **({"Before": pieces(before)} if before else {}),
    }
    return documents.start(name, given)


def beside(aws, target, key: str) -> ObjectInBucket:
    return ObjectInBucket(aws, key, bucket=target.bucket)


@pytest.mark.parametrize("released", [[0, 1, 2], [1, 2, 0]])
def test_released_in_any_order(actions_aws, documents, released):
    first = ObjectInBucket(actions_aws, KEYS[0], found=[PARTNER])
    found = first.everything()
    targets = [first, *(beside(actions_aws, first, key) for key in KEYS[1:])]
    befores = [documents.apply(target).before for target in targets]
    for number, one in enumerate(released, 1):
        run = documents.reverse(targets[one], befores[one])
        assert run.status == "Success", run.failure
        assert run.output("ObserveReversal.Observation") == json.loads(befores[one])
        assert len(first.everything()["policy"]["Statement"]) == 1 + len(KEYS) - number
    assert first.everything() == found


@pytest.mark.parametrize("found", [{"found": [PARTNER]}, {}, {"found": [PUBLIC], "public_access_block": ALL_BLOCKED}])
def test_at_the_same_time(actions_aws, documents, found):
    """S3 has no condition on a policy: a run whose statement another run overwrote puts it again."""
    first = ObjectInBucket(actions_aws, KEYS[0], **found)
    earlier = first.everything()
    targets = [first, *(beside(actions_aws, first, key) for key in KEYS[1:])]
    with concurrent.futures.ThreadPoolExecutor() as together:
        runs = list(together.map(lambda target: start(documents, target, "document"), targets))
        assert [run.status for run in runs] == ["Success"] * len(targets), [run.failure for run in runs]
        denied = [one for one in first.everything()["policy"]["Statement"] if one.get("Sid", "").startswith("TocsinDenyObjects")]
        assert len(denied) == len(targets)
        ended = list(together.map(lambda pair: start(documents, pair[0], "reversal", pair[1].before), zip(targets, runs, strict=True)))
    assert [run.status for run in ended] == ["Success"] * len(targets), [run.failure for run in ended]
    assert first.everything() == earlier


def test_two_incidents_deny_the_same_object(actions_aws, documents):
    """The first to be released leaves the deny of the other."""
    target = ObjectInBucket(actions_aws, "a/")
    found = target.everything()
    one = start(documents, target, "document")
    other = start(documents, target, "document", incident=OTHER_INCIDENT)
    assert other.status == "Success", other.failure
    assert start(documents, target, "reversal", one.before).status == "Success"
    target.assert_contained(found, other.output("ObserveContainment.Observation"))
    # The record names the statement, so that whoever reverses it needs not know the incident.
    assert start(documents, target, "reversal", other.before).status == "Success"
    assert target.everything() == found


def test_what_others_change_meanwhile_stays(actions_aws, documents):
    target = ObjectInBucket(actions_aws, "a/", found=[PARTNER])
    run = documents.apply(target)
    policy = json.loads(target.policy())
    added = {"Sid": "New", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{target.bucket}/b"}
    policy["Statement"] = [added, policy["Statement"][-1]]
    target.s3.put_bucket_policy(Bucket=target.bucket, Policy=json.dumps(policy))
    target.s3.put_public_access_block(Bucket=target.bucket, PublicAccessBlockConfiguration=ALL_BLOCKED)
    ended = documents.reverse(target, run.before)
    assert ended.status == "Success", ended.failure
    assert target.everything()["policy"]["Statement"] == [added]
    assert target.everything()["public_access_block"] == ALL_BLOCKED
    assert ended.output("ObserveReversal.Observation") == json.loads(run.before)


def test_run_of_an_earlier_incident_is_not_recorded_as_found(actions_aws, documents):
    target = ObjectInBucket(actions_aws, "a/")
    assert documents.apply(target).status == "Success"
    again = documents.apply(target)
    assert again.status == "Failed"
    assert "is already contained in whole or in part" in again.failure


def test_policy_without_room_is_refused_before_anything_changes(actions_aws, documents):
    long = [{**PARTNER, "Sid": f"Partner{number}", "Resource": f"arn:aws:s3:::{{bucket}}/{'x' * 900}{number}"} for number in range(19)]
    target = ObjectInBucket(actions_aws, "a/", found=long)
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "has no room for the statement" in run.failure
    assert target.everything() == found


def test_without_responders_nothing_is_denied(actions_aws, documents):
    target = ObjectInBucket(actions_aws, "a/")
    found = target.everything()
    target.parameters = {"ResponderArns": []}
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "would shut out the responders" in run.failure
    assert target.everything() == found


def test_switch_left_off_by_a_broken_run_is_turned_on_again(actions_aws, documents):
    """Between the two changes of the switch a run may end for good; the record says how it was found."""
    target = ObjectInBucket(actions_aws, "public/", found=[PUBLIC], public_access_block=ALL_BLOCKED)
    found = target.everything()
    before = documents.apply(target).before
    target.s3.put_public_access_block(
        Bucket=target.bucket, PublicAccessBlockConfiguration={**ALL_BLOCKED, "BlockPublicPolicy": False}
    )
    assert documents.apply(target, before).status == "Success"
    assert target.everything()["public_access_block"] == ALL_BLOCKED
    assert documents.reverse(target, before).status == "Success"
    assert target.everything() == found


def test_switch_is_turned_on_again_where_the_policy_can_not_be_put(actions_aws, documents):
    target = ObjectInBucket(actions_aws, "public/", found=[PUBLIC], public_access_block=ALL_BLOCKED)
    found = target.everything()
    documents.break_call("s3", "PutBucketPolicy", "MalformedPolicy")
    assert documents.apply(target).status == "Failed"
    assert target.everything() == found
