"""The signed scope of the sample shop: what Tocsin only records, such as the findings about the weekly scan."""

import datetime
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from demo import places

PATH = "settings/scope.json"
EXAMPLE = json.loads((places.REPOSITORY / "infra" / "scope.example.json").read_text(encoding="utf-8"))
SCAN = next(rule for rule in EXAMPLE["rules"] if rule["id"] == "weekly-scan")


def make_key() -> ec.EllipticCurvePrivateKey:
    """The key of whoever answers for the scope. On AWS it lies in KMS or in a safe."""
    return ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def document(rules: list[dict] = (SCAN,), days: int = 30) -> dict:
    """A scope that counts from an hour ago, for so many days."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    begin, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(days=days)
    moment = "%Y-%m-%dT%H:%M:%SZ"
    times = {"issued_at": begin.strftime(moment), "valid_until": end.strftime(moment)}
    return {"format": EXAMPLE["format"], **times, "rules": list(rules)}


def put(aws, vault: str, key: ec.EllipticCurvePrivateKey, scope: dict) -> None:
    """The signature goes first: until both are there, nothing is suppressed."""
    body = json.dumps(scope, indent=2).encode()
    write(aws, vault, f"{PATH}.sig", key.sign(body, ec.ECDSA(hashes.SHA256())))
    write(aws, vault, PATH, body)


def write(aws, vault: str, path: str, body: bytes) -> None:
    aws.client("s3").put_object(Bucket=vault, Key=path, Body=body, ChecksumAlgorithm="SHA256")
