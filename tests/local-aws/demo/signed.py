"""Settings of the sample shop that count only with a signature."""

import datetime
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_key() -> ec.EllipticCurvePrivateKey:
    """The key of whoever answers for the settings. On AWS it lies in KMS or in a safe."""
    return ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def period(days: int = 30) -> dict[str, str]:
    """From an hour ago, for so many days."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    begin, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(days=days)
    moment = "%Y-%m-%dT%H:%M:%SZ"
    return {"issued_at": begin.strftime(moment), "valid_until": end.strftime(moment)}


def put(aws, bucket: str, key: ec.EllipticCurvePrivateKey, path: str, document: dict) -> None:
    """The signature goes first: a reader that comes in between finds a document that proves nothing, and the last trusted one counts."""
    body = json.dumps(document, indent=2).encode()
    write(aws, bucket, f"{path}.sig", key.sign(body, ec.ECDSA(hashes.SHA256())))
    write(aws, bucket, path, body)


def write(aws, bucket: str, path: str, body: bytes) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key=path, Body=body, ChecksumAlgorithm="SHA256")
