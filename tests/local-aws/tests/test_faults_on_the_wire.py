"""Requests that are throttled, cut off, slow or sent twice, as a client of AWS sees them."""

import time

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

ONCE = {"total_max_attempts": 1}
PATIENT = {"total_max_attempts": 5, "mode": "standard"}
THROTTLES = [
    ("ssm", "ssm", lambda client: client.list_documents(), "ThrottlingException", 400),
    ("dynamodb", "dynamodb", lambda client: client.list_tables(), "ThrottlingException", 400),
    ("s3", "s3", lambda client: client.list_buckets(), "SlowDown", 503),
    ("ec2", "ec2", lambda client: client.describe_vpcs(), "RequestLimitExceeded", 503),
    ("iam", "iam", lambda client: client.list_roles(), "Throttling", 400),
    ("sns", "sns", lambda client: client.list_topics(), "Throttling", 400),
    ("states", "stepfunctions", lambda client: client.list_state_machines(), "ThrottlingException", 400),
    ("lambda", "lambda", lambda client: client.list_functions(), "TooManyRequestsException", 429),
]


@pytest.fixture
def connect(aws):
    """A client of a person, whose requests are disturbed too."""

    def one(service: str, retries: dict):
        return boto3.client(
            service,
            endpoint_url=aws.endpoint,
            region_name=aws.region,
            aws_access_key_id=aws.account,
            aws_secret_access_key=aws.state["secret_key"],
            config=Config(retries=retries, s3={"addressing_style": "path"}),
        )

    yield one
    aws.clear_faults()


@pytest.fixture
def table(aws, unique):
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    aws.client("dynamodb").create_table(
        TableName=unique, KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST"
    )
    return unique


def disturb(aws, *schedule: str, calls=("dynamodb:UpdateItem", "dynamodb:PutItem")) -> None:
    aws.disturb(list(calls), schedule=list(schedule), principals=["human"])


def add_one(client, table: str) -> None:
    change = {"Action": "ADD", "Value": {"N": "1"}}
    client.update_item(TableName=table, Key={"id": {"S": "counter"}}, AttributeUpdates={"n": change})


def count(aws, table: str) -> int:
    found = aws.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "counter"}}).get("Item")
    return int(found["n"]["N"]) if found else 0


def updates_of(aws, table: str) -> list[int]:
    """The statuses of the updates that were recorded."""
    calls = [call for call in aws.calls("human") if call["operation"] == "UpdateItem"]
    return [call["status"] for call in calls if call["parameters"].get("TableName") == table]


@pytest.mark.parametrize(("signed", "service", "call", "code", "status"), THROTTLES)
def test_throttled_in_the_words_of_the_service(aws, connect, signed, service, call, code, status):
    disturb(aws, "throttled", calls=[signed])
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(connect(service, ONCE))
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    disturb(aws, "throttled", "throttled", calls=[signed])
    call(connect(service, PATIENT))
    assert aws.disturbances()["throttled"] == 3


def test_unavailable(aws, connect, table):
    disturb(aws, "unavailable")
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        add_one(connect("dynamodb", ONCE), table)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert count(aws, table) == 0


def test_cut_off_before_the_work(aws, connect, table):
    disturb(aws, "dropped-before")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        add_one(connect("dynamodb", ONCE), table)
    assert count(aws, table) == 0
    assert updates_of(aws, table) == []


def test_cut_off_after_the_work(aws, connect, table):
    disturb(aws, "dropped-after")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        add_one(connect("dynamodb", ONCE), table)
    assert count(aws, table) == 1
    assert updates_of(aws, table) == [200]


def test_sent_twice_and_answered_once(aws, connect, table):
    disturb(aws, "duplicated")
    put = {"TableName": table, "Item": {"id": {"S": "once"}}, "ConditionExpression": "attribute_not_exists(id)"}
    connect("dynamodb", ONCE).put_item(**put)
    calls = [call for call in aws.calls("human") if call["operation"] == "PutItem" and call["parameters"]["TableName"] == table]
    assert [call["status"] for call in calls] == [200, 400]


def test_client_that_repeats_gets_through(aws, connect, table):
    client = connect("dynamodb", PATIENT)
    disturb(aws, "dropped-before", "throttled", "nothing", "dropped-after")
    add_one(client, table)
    assert count(aws, table) == 1
    add_one(client, table)
    # The work was done before the connection was cut, and the client asked again.
    assert count(aws, table) == 3


def test_connection_works_again_after_it_was_cut(aws, connect, table):
    """One client, one pool: what was cut off is not used again."""
    client = connect("dynamodb", ONCE)
    for fault in ("dropped-before", "dropped-after"):
        add_one(client, table)
        disturb(aws, fault)
        with pytest.raises(botocore.exceptions.ConnectionClosedError):
            add_one(client, table)
    add_one(client, table)
    assert count(aws, table) == 4


def test_slow(aws, connect):
    aws.disturb(["sts"], delay=0.3, seed=1, principals=["human"])
    started = time.monotonic()
    for _ in range(10):
        connect("sts", ONCE).get_caller_identity()
    assert time.monotonic() - started > 0.5


def test_fates_come_from_the_seed(aws, connect):
    def fates(seed: int) -> list[bool]:
        aws.clear_faults()
        aws.disturb(["sts"], seed=seed, throttled=0.5, principals=["human"])
        client, met = connect("sts", ONCE), []
        for _ in range(20):
            try:
                client.get_caller_identity()
                met.append(False)
            except botocore.exceptions.ClientError:
                met.append(True)
        return met

    first = fates(7)
    assert 3 < sum(first) < 17
    assert fates(7) == first
    assert fates(8) != first


def test_first_request_for_each_operation_that_changes_something(aws, connect, unique):
    aws.disturb(["*"], first="throttled", principals=["human"])
    client, met = connect("sns", ONCE), []
    asked = (client.list_topics, lambda: client.create_topic(Name=unique), lambda: client.create_topic(Name=unique), client.list_topics)
    for ask in asked:
        try:
            ask()
            met.append(False)
        except botocore.exceptions.ClientError:
            met.append(True)
    assert met == [False, True, False, False]


def test_people_are_not_disturbed_unless_asked(aws, table):
    aws.disturb(["dynamodb"], dropped_before=1.0)
    try:
        add_one(aws.client("dynamodb"), table)
    finally:
        aws.clear_faults()


def test_only_the_calls_that_are_named(aws, connect, table):
    disturb(aws, *["throttled"] * 5, calls=["dynamodb:PutItem"])
    add_one(connect("dynamodb", ONCE), table)
    assert aws.disturbances() == {}


def test_automation_that_is_cut_off_repeats(aws, automate):
    """A script's SDK asks again; the automation comes to its end."""
    aws.disturb(["sts"], schedule=["dropped-before", "dropped-after", "throttled"])
    script = "import boto3\ndef handler(events, context):\n    return {'account': boto3.client('sts').get_caller_identity()['Account']}\n"
    try:
        step = {
            "name": "Ask",
            "action": "aws:executeScript",
            "isEnd": True,
            "inputs": {"Runtime": "python3.11", "Handler": "handler", "Script": script},
        }
        assert automate([step])["AutomationExecutionStatus"] == "Success"
        assert aws.disturbances() == {"dropped-before": 1, "dropped-after": 1, "throttled": 1}
    finally:
        aws.clear_faults()


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"schedule": ["mangled"]}, "no such fault: mangled"),
        ({"first": "mangled"}, "no such fault: mangled"),
        ({"throttled": 0.7, "duplicated": 0.7}, "more than 1 together"),
    ],
)
def test_order_that_makes_no_sense_is_refused(aws, order, reason):
    with pytest.raises(Exception, match=reason):
        aws.disturb(["ssm"], **order)
