"""The signed settings of containment of the sample shop: what is protected, and how much runs without a person."""

import itertools
import json

from cryptography.hazmat.primitives.asymmetric import ec

from demo import places, signed

PATH = "settings/containment.json"
RESPONDER = "incident-response"
EXAMPLE = json.loads((places.REPOSITORY / "infra" / "containment.example.json").read_text(encoding="utf-8"))
# Whoever signs counts up: an older document is not trusted again.
_versions = itertools.count(1)


def document(account: str, **changes) -> dict:
    """Nothing is protected, and a night's work fits under the caps. `changes` replace fields."""
    responders = [f"arn:aws:iam::{account}:role/{RESPONDER}"]
    caps = {"incident": 200, "hour": 10_000, "account": 10_000}
    own = {"version": next(_versions), **signed.period(), "protected": [], "critical": [], "caps": caps, "responders": responders}
    return {**EXAMPLE, **own, **changes}


def put(aws, bucket: str, key: ec.EllipticCurvePrivateKey, settings: dict) -> None:
    signed.put(aws, bucket, key, PATH, settings)
