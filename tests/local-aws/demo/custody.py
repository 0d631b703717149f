"""What somebody needs who verifies evidence without trusting Tocsin: the public key, from its account and not from beside the evidence."""

import base64
import textwrap

from demo import command, stack


def public_key(aws, deployed: stack.Stack) -> str:
    """Where the key of the seals lies, as PEM."""
    der = aws.client("kms", credentials=stack.custodian(aws)).get_public_key(KeyId=deployed.seal_key)["PublicKey"]
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    path = aws.run_dir / "seal-key.pem"
    path.write_text("\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]))
    return str(path)


def verify(aws, deployed: stack.Stack, incident: str) -> str:
    """What `tocsin verify` says of an incident as it lies in the vault."""
    place = f"s3://{deployed.vault}/incidents/{incident}"
    environment = command.environment(aws, stack.custodian(aws))
    return command.run("verify", place, "--key", public_key(aws, deployed), environment=environment)
