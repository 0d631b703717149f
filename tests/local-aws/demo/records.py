"""Reads what Tocsin recorded, straight from its table."""

import datetime
import decimal

from boto3.dynamodb.types import TypeDeserializer

_from_wire = TypeDeserializer().deserialize


def plain(value):
    """Numbers as Python writes them, sets as lists."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, set)):
        return [plain(item) for item in value]
    return value


class Records:
    def __init__(self, aws, table: str):
        self._client, self._table = aws.client("dynamodb"), table

    def under(self, partition: str, prefix: str = "") -> dict[str, dict]:
        """The records of a partition by sort key."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :partition AND begins_with(sk, :prefix)" if prefix else "pk = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}, **({":prefix": {"S": prefix}} if prefix else {})},
            "ConsistentRead": True,
        }
        pages = self._client.get_paginator("query").paginate(**request)
        items = [item for page in pages for item in page["Items"]]
        return {item["sk"]["S"]: plain(_from_wire(item["record"])) for item in items}

    def of_incident(self, incident: str, kind: str) -> list[dict]:
        """The records of one kind, such as `ACTION`, in the order of their keys."""
        return list(self.under(f"INCIDENT#{incident}", f"{kind}#").values())

    def incident(self, incident: str) -> dict | None:
        return self.under(f"INCIDENT#{incident}", "INCIDENT").get("INCIDENT")

    def finding(self, identifier: str) -> dict | None:
        """The record of a finding, by the identifier that it came with."""
        found = (item["record"] for (pk, _), item in self.everything().items() if pk.startswith("FINDING#"))
        return next((record for record in found if record["finding"]["id"] == identifier), None)

    def waiting(self, incident: str) -> list[dict]:
        """Notices of an incident that wait for counsel, the most urgent first."""
        found = self.under("REVIEWS", f"{incident}#").values()
        return sorted(found, key=lambda review: (review.get("due_at") or "9999", review["obligation"]))

    def everything(self) -> dict[tuple[str, str], dict]:
        """Every item of the table, whole."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return {(item["pk"]["S"], item["sk"]["S"]): plain({k: _from_wire(v) for k, v in item.items()}) for item in items}


def moment(text: str) -> datetime.datetime:
    """A recorded time. jiff writes up to nine decimals, Python reads six."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(f"{whole}.{(rest or '0')[:6]}+00:00")
