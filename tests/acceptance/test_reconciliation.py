"""What the event bus loses arrives all the same, once: the lists of GuardDuty and Security Hub are compared with what came."""

import copy
import datetime
import itertools
import json

import pytest
from conftest import REPOSITORY
from demo import mail, places, stack
from demo.records import Records

FUNCTION = "tocsin-reconcile-findings"
DETAILED = REPOSITORY / "functions/incident/src/sources/securityhub_asff/fixtures/instance-credential-exfiltration.json"
THERE, HERE = stack.REGIONS
HOUR = datetime.timedelta(hours=1)
_numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def unscheduled(aws, tocsin):
    """The schedule rests, so that no run of its own comes between; and everything older is known."""
    events = aws.client("events")
    assert events.describe_rule(Name=FUNCTION)["ScheduleExpression"] == "rate(5 minutes)"
    (target,) = events.list_targets_by_rule(Rule=FUNCTION)["Targets"]
    assert target["Arn"].endswith(f":function:{FUNCTION}")
    events.disable_rule(Name=FUNCTION)
    reconcile(aws)
    yield
    events.enable_rule(Name=FUNCTION)


def reconcile(aws) -> dict:
    """Call the function as its schedule does; its answer."""
    failed, answer = attempt(aws)
    assert not failed, answer
    return answer


def attempt(aws) -> tuple[str | None, dict]:
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event).encode())
    result = json.loads(answer["Payload"].read())
    return (result["errorType"] if answer.get("FunctionError") else None), result


def written(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def guardduty(updated: datetime.datetime, age: datetime.timedelta = HOUR) -> dict:
    """A finding that is recorded and opens no incident: archived."""
    finding = copy.deepcopy(json.loads(places.SAMPLE.read_text(encoding="utf-8")))
    finding = finding.get("detail", finding)
    finding["id"] = f"{next(_numbers):032x}"
    finding["arn"] = f"{finding['arn'].rsplit('/', 1)[0]}/{finding['id']}"
    finding |= {"createdAt": written(updated - age), "updatedAt": written(updated)}
    finding["service"] |= {"archived": True, "eventFirstSeen": written(updated - age), "eventLastSeen": written(updated)}
    return finding


def security_hub(aws, updated: datetime.datetime) -> dict:
    number = next(_numbers)
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{aws.region}:{aws.account}:security-control/S3.2/finding/{number:032x}",
        "ProductArn": f"arn:aws:securityhub:{aws.region}::product/aws/securityhub",
        "GeneratorId": "security-control/S3.2",
        "AwsAccountId": aws.account,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": written(updated - HOUR),
        "UpdatedAt": written(updated),
        "Severity": {"Label": "HIGH"},
        "Title": "S3 general purpose buckets should block public read access",
        "Description": "Synthetic finding of a test.",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.2"},
        "RecordState": "ARCHIVED",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::example-bucket"}],
    }


def put(aws, guardduty_count: int = 0, security_hub_count: int = 0, region: str = HERE) -> list[str]:
    """The services make findings; their ids. Each update is later than all before it, as it is on AWS."""
    findings = [guardduty(next(TIMES[region])) for _ in range(guardduty_count)]
    imported = [security_hub(aws, next(TIMES[region])) for _ in range(security_hub_count)]
    for finding in findings:
        aws.put_guardduty_finding(finding, region=region)
    for finding in imported:
        aws.put_securityhub_finding(finding, region=region)
    return [finding["id"] for finding in findings] + [finding["Id"] for finding in imported]


def times_there():
    """Hours ago, where nothing else is: few of the findings that a test put are listed again in the next one."""
    moment = now() - 20 * HOUR
    for number in itertools.count():
        yield moment + datetime.timedelta(seconds=30 * number)


# Here other tests have put findings just now.
TIMES = {HERE: iter(now, None), THERE: times_there()}


def recorded(aws, tocsin) -> dict[str, dict]:
    """What intake recorded, by the finding's id."""
    items = Records(aws, tocsin.table).everything().items()
    return {item["record"]["finding"]["id"]: item["record"] for (pk, _), item in items if pk.startswith("FINDING#")}


def until_recorded(aws, tocsin, wanted: list[str], count: int | None = None) -> None:
    enough = len(wanted) if count is None else count
    have = lambda: len(recorded(aws, tocsin).keys() & set(wanted)) >= enough  # noqa: E731
    aws.wait_until(have, seconds=60, every=0.2, what=f"{enough} findings of {len(wanted)} in the table")


def received(aws) -> int:
    """How many findings intake has taken from the queue, repeats among them: its log says so once it has answered."""
    lines = [line for line in aws.function_log("tocsin-receive-finding").splitlines() if '"FindingsReceived"' in line]
    return sum(json.loads(line)["FindingsReceived"] for line in lines)


def until_received(aws, count: int) -> None:
    """Wait until intake has counted so many in all; what it receives beyond that shows later."""
    aws.wait_until(lambda: received(aws) >= count, seconds=60, every=0.2, what=f"{count} findings in the log")


def counted(aws, metric: str) -> int:
    lines = [line for line in aws.function_log(FUNCTION).splitlines() if f'"{metric}"' in line]
    return sum(json.loads(line)[metric] for line in lines)


def test_findings_that_the_bus_lost_arrive_once(aws, tocsin):
    """More than a page of each service in each of two regions, one call throttled on the way, and some that were not lost."""
    before, missed_before = received(aws), counted(aws, "FindingsMissed")
    dead_before = len(mail.waiting_in(aws, tocsin.dead_letters))
    with aws.bus_cut():
        lost = put(aws, 110, 120) + put(aws, 60, 105, THERE)
    heard = put(aws, 3, 2)
    until_recorded(aws, tocsin, heard)
    assert not recorded(aws, tocsin).keys() & set(lost)
    aws.fail_call("guardduty", "ListFindings", "TooManyRequestsException", status=429, principal=FUNCTION)
    answer = reconcile(aws)
    assert {name: answer[name] for name in ("sent", "missed", "off", "more")} == {"sent": 395, "missed": 395, "off": [], "more": False}
    until_recorded(aws, tocsin, lost)
    until_received(aws, before + 400)
    again = reconcile(aws)
    assert (again["sent"], again["missed"]) == (0, 0)
    assert received(aws) - before == len(lost) + len(heard) == 400
    assert counted(aws, "FindingsMissed") - missed_before == 395
    assert len(mail.waiting_in(aws, tocsin.dead_letters)) == dead_before


def test_document_arrives_whole(aws, tocsin):
    """Also what the SDK of the function does not know."""
    finding = guardduty(now()) | {"madeUpIn2027": {"deep": [1, "two"]}}
    with aws.bus_cut():
        held = aws.put_guardduty_finding(finding)
    reconcile(aws)
    until_recorded(aws, tocsin, [finding["id"]])
    kept = recorded(aws, tocsin)[finding["id"]]
    assert json.loads(kept["document"]) == held


def test_details_of_resources_are_no_burden(aws, tocsin):
    """Of every kind: the SDK's own reading of them ended the function once, and every run after it."""
    finding = json.loads(DETAILED.read_text(encoding="utf-8"))["detail"]["findings"][0] | {"RecordState": "ARCHIVED"}
    assert all("Details" in resource for resource in finding["Resources"])
    finding |= {name: security_hub(aws, now())[name] for name in ("Id", "AwsAccountId", "CreatedAt", "UpdatedAt")}
    with aws.bus_cut():
        aws.put_securityhub_finding(finding)
    reconcile(aws)
    until_recorded(aws, tocsin, [finding["Id"]])


# What fails, and whether findings had been sent by then. The SDK tries three times.
FAULTS = {
    "throttled": ({"service": "guardduty", "operation": "ListFindings", "code": "ThrottlingException"}, False),
    "not sent": ({"service": "sqs", "operation": "SendMessageBatch", "code": "RequestThrottled"}, False),
    "sent but not noted": ({"service": "dynamodb", "operation": "PutItem", "code": "InternalServerError", "status": 500}, True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_run_that_fails_halfway_is_made_good_by_the_next(aws, tocsin, name):
    fault, has_sent = FAULTS[name]
    before, sent_before = received(aws), counted(aws, "FindingsReconciled")
    with aws.bus_cut():
        lost = put(aws, 120, region=THERE)
    aws.fail_call(**fault, times=3, principal=FUNCTION)
    error, _ = attempt(aws)
    assert error == "Incident.Transient"
    sent = counted(aws, "FindingsReconciled") - sent_before
    assert (sent > 0, sent < 120) == (has_sent, True)
    until_recorded(aws, tocsin, lost, sent)
    assert reconcile(aws)["sent"] == 120 - sent
    until_recorded(aws, tocsin, lost)
    until_received(aws, before + 120)
    assert reconcile(aws)["sent"] == 0
    assert received(aws) - before == 120


def test_incident_that_the_bus_lost_is_contained(aws, attack):
    response = attack()
    response.finding |= {"createdAt": written(now() - HOUR), "updatedAt": written(now())}
    with aws.bus_cut():
        response.publish()
    reconcile(aws)
    assert {action["state"] for action in response.until_contained()} == {"contained"}


def test_new_finding_is_left_to_the_bus(aws, tocsin):
    young = guardduty(now(), age=datetime.timedelta(minutes=1))
    with aws.bus_cut():
        aws.put_guardduty_finding(young)
    assert reconcile(aws)["sent"] == 0


def test_service_that_is_not_in_use_is_named_and_holds_nothing_up(aws, tocsin):
    with aws.bus_cut():
        lost = put(aws, 1)
    aws.fail_call("securityhub", "GetFindings", "InvalidAccessException", status=401, principal=FUNCTION)
    answer = reconcile(aws)
    assert (answer["sent"], answer["off"]) == (1, [f"securityhub {THERE}"])
    until_recorded(aws, tocsin, lost)
