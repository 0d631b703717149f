"""Intake on the local AWS: findings that one core gets through in `receive-finding`.

The emulator, which is in Python, takes far longer than the function. So what counts is the processor time that the function's own
processes used, from Linux's accounting: findings divided by it are what a core would take that did nothing else.
"""

import json
import os
import pathlib
import sys
from pathlib import Path

FINDINGS = 2000
BATCH = 10


def measure(repository: Path):
    sys.path.insert(0, str(repository / "tests/local-aws"))
    from demo import places, stack
    from local_aws import LocalAws

    sample = json.loads(places.SAMPLE.read_text())
    with LocalAws(repository / "target/local-aws/bench") as aws:
        tocsin = stack.deploy(aws)
        for label in ("new", "repeated"):
            before = used(aws.endpoint)
            deliver(aws, tocsin.queue, [finding(sample, number) for number in range(FINDINGS)])
            aws.wait_until(lambda: waiting(aws, tocsin.queue) == 0, seconds=120, every=0.2, what="the end of the queue")
            after = used(aws.endpoint)
            rate = round(FINDINGS / (after - before))
            name = f"{label} findings taken in by `receive-finding`, a core"
            yield {"name": name, "value": rate, "unit": "/s", "limit": "", "headline": True}


def finding(sample: dict, number: int) -> str:
    """A finding of its own that calls for no response: what is measured is intake, and not a thousand state machines."""
    detail = {**sample["detail"], "id": f"{number:032x}"}
    detail["service"] = {**detail["service"], "archived": True}
    return json.dumps({**sample, "detail": detail})


def deliver(aws, queue: str, bodies: list[str]) -> None:
    for start in range(0, len(bodies), BATCH):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies[start : start + BATCH])]
        aws.client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)


def waiting(aws, queue: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def used(endpoint: str) -> float:
    """The processor seconds of every process of the function on this local AWS."""
    total = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            stat = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if {f"AWS_ENDPOINT_URL={endpoint}".encode(), b"AWS_LAMBDA_FUNCTION_NAME=tocsin-receive-finding"} <= set(environment):
            total += int(stat[11]) + int(stat[12])
    return total / os.sysconf("SC_CLK_TCK")
