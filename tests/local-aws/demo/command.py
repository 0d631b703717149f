"""Runs `tocsin`, as a person would at a terminal."""

import json
import os
import subprocess

from demo import places


class CommandFailed(RuntimeError):
    """`tocsin` ended with another code than was expected; the message is what it wrote to standard error."""


def run(*arguments: str, environment: dict | None = None, given: str | None = None, codes: tuple = (0,)) -> str:
    """What `tocsin` writes to standard output."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [places.tocsin(), *arguments],
        env={**kept, **(environment or {})},
        # Bytes: as text, Python would turn each end of a line within a cell of CSV into another one.
        input=None if given is None else given.encode(),
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=120,
    )
    if done.returncode not in codes:
        said = done.stderr.decode().strip() or f"`tocsin {' '.join(arguments)}` ended with code {done.returncode}"
        raise CommandFailed(said)
    return done.stdout.decode()


def replay(document: str) -> list[dict]:
    """What each finding in one document is read as, and the plan for it."""
    return [json.loads(line) for line in run("replay", "-", given=document + "\n", codes=(0, 1)).split("\n") if line]


def environment(aws, key: dict) -> dict[str, str]:
    """How a person with this access key reaches the local AWS."""
    return {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": key["access_key"],
        "AWS_SECRET_ACCESS_KEY": key["secret_key"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
