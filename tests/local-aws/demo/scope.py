"""The signed scope of the sample shop: what Tocsin only records, such as the findings about the weekly scan."""

import json

from cryptography.hazmat.primitives.asymmetric import ec

from demo import places, signed

PATH = "settings/scope.json"
EXAMPLE = json.loads((places.REPOSITORY / "infra" / "scope.example.json").read_text(encoding="utf-8"))
SCAN = next(rule for rule in EXAMPLE["rules"] if rule["id"] == "weekly-scan")


def document(rules: list[dict] = (SCAN,), days: int = 30) -> dict:
    """A scope that counts from an hour ago, for so many days."""
    return {"format": EXAMPLE["format"], **signed.period(days), "rules": list(rules)}


def put(aws, bucket: str, key: ec.EllipticCurvePrivateKey, scope: dict) -> None:
    """Until document and signature are there, nothing is suppressed."""
    signed.put(aws, bucket, key, PATH, scope)
