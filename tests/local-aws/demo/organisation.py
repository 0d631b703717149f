"""The settings of the sample shop: `infra/organisation.example.json`, with what the demo seeds filled in."""

import json

from demo import places

PATH = "settings/organisation.json"
SENDER = "privacy@shop.example"
SENDER_DOMAIN = "shop.example"

EXAMPLE = json.loads((places.REPOSITORY / "infra" / "organisation.example.json").read_text(encoding="utf-8"))
RECIPIENTS = EXAMPLE["recipients"]


def settings(buckets: list[str]) -> dict:
    """A German controller whose customer data lies in `buckets`."""
    holding = EXAMPLE["data_inventory"][0]
    return {**EXAMPLE, "data_inventory": [{**holding, "resource": bucket} for bucket in buckets]}


def put(aws, bucket: str, document: dict) -> None:
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    aws.client("s3").put_object(Bucket=bucket, Key=PATH, Body=body, ContentType="application/json", ChecksumAlgorithm="SHA256")
