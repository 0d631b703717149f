"""Transactions of the table: all or nothing, and with the reason, also when several writers want the same items at once."""

import concurrent.futures

import botocore.exceptions
import pytest

WRITERS = 8
ROUNDS = 25


@pytest.fixture
def table(aws, unique):
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    aws.client("dynamodb").create_table(
        TableName=unique,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    return unique


def key(name: str) -> dict:
    return {"pk": {"S": name}, "sk": {"S": "x"}}


def put(table: str, name: str, writer: str, **condition) -> dict:
    return {"Put": {"TableName": table, "Item": {**key(name), "writer": {"S": writer}}, **condition}}


NEW = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def outcome(aws, items: list[dict], **request) -> list[str]:
    """The reason for each item; no reasons when the transaction went through."""
    try:
        aws.client("dynamodb").transact_write_items(TransactItems=items, **request)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "TransactionCanceledException"
        return [reason["Code"] for reason in error.response["CancellationReasons"]]
    return []


def items(aws, table: str) -> dict[str, str]:
    found = aws.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return {item["pk"]["S"]: item.get("writer", item.get("version", {"N": "0"})).popitem()[1] for item in found}


def test_nothing_is_written_when_one_condition_fails(aws, table):
    assert outcome(aws, [put(table, "b", "first", **NEW)]) == []
    refused = [put(table, "a", "second", **NEW), put(table, "b", "second", **NEW), put(table, "c", "second")]
    assert outcome(aws, refused) == ["None", "ConditionalCheckFailed", "None"]
    assert items(aws, table) == {"b": "first"}


def test_what_stood_in_the_way_comes_with_the_reason(aws, table):
    outcome(aws, [put(table, "a", "first", **NEW)])
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        aws.client("dynamodb").transact_write_items(TransactItems=[put(table, "a", "second", **NEW)])
    (reason,) = refused.value.response["CancellationReasons"]
    assert reason["Item"]["writer"] == {"S": "first"}


def test_a_repeated_token_writes_once(aws, table):
    count = {"Update": {"TableName": table, "Key": key("n"), "UpdateExpression": "ADD version :one"}}
    count["Update"]["ExpressionAttributeValues"] = {":one": {"N": "1"}}
    for _ in range(3):
        assert outcome(aws, [count], ClientRequestToken="one-token") == []
    assert items(aws, table) == {"n": "1"}


def test_of_parallel_writers_one_gets_all_its_items(aws, table):
    """Each writer wants the same three items, in an order of its own: never does one get some and another the rest."""
    names = ["a", "b", "c"]

    def write(writer: int, round_: int) -> list[str]:
        wanted = names[writer % 3 :] + names[: writer % 3]
        return outcome(aws, [put(table, f"{name}{round_}", str(writer), **NEW) for name in wanted])

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
        for round_ in range(ROUNDS):
            outcomes = list(writers.map(lambda writer, round_=round_: write(writer, round_), range(WRITERS)))
            assert outcomes.count([]) == 1
            assert outcomes.count(["ConditionalCheckFailed"] * 3) == WRITERS - 1
            written = items(aws, table)
            assert {written[f"{name}{round_}"] for name in names} == {str(outcomes.index([]))}


def test_no_parallel_change_is_lost(aws, table):
    """Read, then write if nobody did meanwhile, together with a row of one's own: as records are changed."""
    client = aws.client("dynamodb")
    client.put_item(TableName=table, Item={**key("counter"), "version": {"N": "0"}})

    def change(number: int) -> int:
        for attempt in range(1, 200):
            seen = client.get_item(TableName=table, Key=key("counter"), ConsistentRead=True)["Item"]["version"]["N"]
            item = {**key("counter"), "version": {"N": str(int(seen) + 1)}}
            counted = {"TableName": table, "Item": item, "ConditionExpression": "version = :seen"}
            counted["ExpressionAttributeValues"] = {":seen": {"N": seen}}
            if outcome(aws, [{"Put": counted}, put(table, f"row-{number}", str(number), **NEW)]) == []:
                return attempt
        raise AssertionError("one writer never came through")

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
        attempts = list(writers.map(change, range(WRITERS * ROUNDS)))
    written = items(aws, table)
    assert written.pop("counter") == str(WRITERS * ROUNDS)
    assert len(written) == WRITERS * ROUNDS
    assert max(attempts) > 1, "the writers never met: this test showed nothing"
