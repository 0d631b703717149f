"""Containment and evidence in another account and region, and what nobody can reach: it is said, and the rest is contained."""

import copy
import json

import pytest
from demo import stack
from demo.places import REPOSITORY
from demo.records import Records

REGION = "us-west-2"
FIXTURE = REPOSITORY / "functions/incident/src/sources/securityhub_asff/fixtures/instance-credential-exfiltration.json"
# Where nobody can act -> why.
UNREACHABLE = {
    ("777788889999", "us-west-2"): "the stack of infra/member.yaml is not there",
    (stack.MEMBER, "me-south-1"): "the region is not enabled",
    (stack.MEMBER, "eu-west-1"): "the stack set has not come this far",
}


@pytest.fixture(scope="module")
def elsewhere(aws, tocsin, attack):
    """An attack in another account and region. GuardDuty gives the finding to its administrator in Tocsin's account."""
    response = attack(aws.at(stack.MEMBER, REGION))
    response.publish()
    response.until_contained()
    return response


def test_each_resource_is_contained_where_it_is(elsewhere):
    records = elsewhere.of("ACTION")
    assert {record["action"] for record in records} == {"isolate-instance", "lock-bucket", "revoke-role-sessions"}
    assert {(record["state"], record["account"]) for record in records} == {("contained", stack.MEMBER)}
    assert {record["action"]: record["region"] for record in records} == {
        "isolate-instance": REGION,
        "lock-bucket": REGION,
        "revoke-role-sessions": None,
    }
    after = elsewhere.account()
    changed = {action for (action, target), state in after.items() if state != elsewhere.before[action, target]}
    assert changed == {"isolate-instance", "lock-bucket", "revoke-role-sessions"}
    assert elsewhere.pages() == []


def test_nothing_is_done_elsewhere_with_the_function_s_own_role(elsewhere):
    """Each call there is made with the small role of that function, which is assumed in the region of the resource."""
    own = [call for call in elsewhere.aws.calls("function") if call["account"] == stack.MEMBER]
    # Whatever evidence is read of, what changes something is done by documents.
    reading = ("tocsin-preserve-evidence", "tocsin-copy-objects")
    assert {call["service"] for call in own if call["principal"]["name"] not in reading} <= {"ssm"}
    pascal = lambda name: "".join(part.capitalize() for part in name.removeprefix("tocsin-").split("-"))  # noqa: E731
    assert all(call["role"] == f"Tocsin-Member-{pascal(call['principal']['name'])}" for call in own)
    assumed = [
        call["region"]
        for call in elsewhere.aws.calls("function", "tocsin-start-containment")
        if call["operation"] == "AssumeRole" and f":{stack.MEMBER}:" in call["parameters"]["RoleArn"]
    ]
    assert {REGION, elsewhere.aws.region} <= set(assumed), "the bucket's region, and our own for the role, which is global"


def test_evidence_is_preserved_where_it_is(elsewhere):
    elsewhere.until_gate()
    assert {record["progress"]["state"] for record in elsewhere.of("EVIDENCE")} == {"done"}
    snapshots = elsewhere.place.client("ec2").describe_snapshots(
        Filters=[{"Name": "tag:tocsin:incident", "Values": [elsewhere.incident]}]
    )["Snapshots"]
    assert len([one for one in snapshots if not is_copy(one)]) == 2
    (policy,) = elsewhere.kept("bucket", "policy")
    assert b"TocsinLockBucket" not in policy and b"Checkout" in policy
    assert elsewhere.verify()


def is_copy(snapshot: dict) -> bool:
    return any(tag["Key"] == "tocsin:source-snapshot" for tag in snapshot["Tags"])


def test_person_gives_a_resource_of_another_account_back(elsewhere):
    task = {
        "incident": elsewhere.incident,
        "action": "lock-bucket",
        "account": stack.MEMBER,
        "region": REGION,
        "target": elsewhere.shop.bucket,
        "pass": 1,
        "by": "arn:aws:iam::111122223333:user/oda",
        "reason": "the shop may sell again",
    }
    elsewhere.aws.wait_until(
        lambda: elsewhere.invoke("reverse-containment", task)[1]["state"] == "reversed", seconds=30, every=0.2, what="the reversal"
    )
    target = ("lock-bucket", elsewhere.shop.bucket)
    assert elsewhere.account()[target] == elsewhere.before[target]


@pytest.fixture(scope="module")
def out_of_reach(aws, attack):
    """One finding about a bucket and a role that can be contained, and about instances in places where nobody can act."""
    response = attack()
    event = json.loads(FIXTURE.read_text(encoding="utf-8"))
    finding = event["detail"]["findings"][0]
    identifier = f"{response.finding['id'][:4]}{'e' * 28}"
    finding["Id"] = f"{finding['Id'].rsplit('/', 1)[0]}/{identifier}"
    finding["ProductFields"] = {
        name: value.replace("198.51.100.23", response.shop.intruder).replace("shop-customer-data", response.shop.bucket)
        for name, value in finding["ProductFields"].items()
        if not name.endswith("FindingId")
    }
    for moment in ("FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt"):
        finding[moment] = response.finding["updatedAt"]
    finding["Resources"] = resources_of(finding, response.shop)
    response.follow(json.dumps(event))
    # An opt-in region that the account has not enabled, whoever asks.
    aws.fail_call("sts", "AssumeRole", "RegionDisabledException", status=403, times=1000, in_region="me-south-1")
    aws.put_securityhub_finding(event)
    response.until_contained()
    aws.clear_faults()
    return response


def resources_of(finding: dict, shop) -> list[dict]:
    key, instance, bucket = finding["Resources"]
    key["Id"] = f"AWS::IAM::AccessKey:{shop.access_key}"
    key["Details"]["AwsIamAccessKey"].update(PrincipalId=f"{shop.role_id}:{shop.instance}", PrincipalName=shop.role)
    bucket["Id"] = f"arn:aws:s3:::{shop.bucket}"
    bucket["Details"]["AwsS3Bucket"]["Name"] = shop.bucket
    instances = []
    for account, region in UNREACHABLE:
        one = copy.deepcopy(instance)
        one["Id"] = f"arn:aws:ec2:{region}:{account}:instance/{instance_in(account, region)}"
        one["Region"] = region
        one["Details"]["AwsEc2Instance"].pop("IamInstanceProfileArn")
        instances.append(one)
    return [key, *instances, bucket]


def instance_in(account: str, region: str) -> str:
    return f"i-0{account[:8]}{region.replace('-', '').encode().hex()[:8]}"


def test_what_can_be_reached_is_contained(out_of_reach):
    states = {record["target"]: record["state"] for record in out_of_reach.of("ACTION")}
    assert states[out_of_reach.shop.bucket] == states[out_of_reach.shop.role] == "contained"
    assert "TocsinLockBucket" in json.dumps(out_of_reach.account()["lock-bucket", out_of_reach.shop.bucket])


@pytest.mark.parametrize("place", UNREACHABLE, ids="/".join)
def test_what_cannot_be_reached_has_failed(out_of_reach, place):
    """It is not `reversed`, which would read as if all were well."""
    (record,) = [record for record in out_of_reach.of("ACTION") if record["target"] == instance_in(*place)]
    assert (record["state"], record["automation"], record["contained_at"], record["reversed_at"]) == ("failed", None, None, None)
    assert UNREACHABLE[place] in record["reason"]


@pytest.mark.parametrize("place", UNREACHABLE, ids="/".join)
def test_operator_hears_what_is_not_contained_and_where(out_of_reach, place):
    wanted = ("NOT CONTAINED", "isolate-instance", *place, UNREACHABLE[place])
    told = [page for page in out_of_reach.pages() if all(part in page for part in wanted)]
    assert len(told) == 1


@pytest.mark.parametrize("place", UNREACHABLE, ids="/".join)
def test_missing_evidence_is_a_gap_with_its_place(out_of_reach, place):
    out_of_reach.until_gate()
    (record,) = [
        record
        for record in out_of_reach.of("EVIDENCE")
        if (record["item"]["source"], record["item"]["subject"]) == ("instance-volumes", instance_in(*place))
    ]
    assert any(all(part in gap["reason"] for part in (*place, "not reachable")) for gap in record["gaps"])


def test_report_begins_with_what_is_not_contained(out_of_reach):
    failure, answer = out_of_reach.invoke("close-incident", {"incident": out_of_reach.incident})
    assert (failure, answer["closed"]) == (None, False)
    html = out_of_reach.read("report.html").decode()
    section = html.split("Not contained</h2>")[1].split("</section>")[0]
    for account, region in UNREACHABLE:
        assert all(part in section for part in (instance_in(account, region), account, region))
    assert out_of_reach.shop.bucket not in section
    assert html.index("Not contained</h2>") < html.index("Timeline</h2>")
    lines = {line["target"]: line for line in json.loads(out_of_reach.read("report.json"))["actions"]}
    assert all(lines[instance_in(*place)]["reason"] for place in UNREACHABLE)


def test_another_incident_may_try_again(out_of_reach):
    """Whoever could not reach a resource does not keep others from it."""
    holds = [key for key, row in out_of_reach.records.everything().items() if key[0].startswith("HOLD#") and out_of_reach.incident in str(row)]
    kept = {record["target"] for record in out_of_reach.of("ACTION") if record["state"] == "contained"}
    assert len(holds) == len(kept)


def test_finding_that_only_its_own_bus_has_comes_here(aws, tocsin):
    """Macie tells the account and region that the bucket is in, and nobody else."""
    event = json.loads((REPOSITORY / "functions/incident/src/sources/macie/fixtures/bucket-made-public.json").read_text(encoding="utf-8"))
    detail = event["detail"]
    detail |= {"id": "f0" * 16, "accountId": stack.MEMBER, "region": REGION, "sample": True}
    aws.publish_service_event(event, account=stack.MEMBER, region=REGION)
    records = Records(aws, tocsin.table)
    found = aws.wait_until(lambda: records.finding(detail["id"]), seconds=30, every=0.2, what="the finding")
    assert (found["finding"]["account"], found["finding"]["region"]) == (stack.MEMBER, REGION)
