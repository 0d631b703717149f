"""A 5 GB object copied by the real function and state machine: how fast, and in how much memory, beside `sha256sum` on the same machine.

The object is in memory nowhere: the gateway makes each range that is read, checks each part that is put by its SHA-256, and forgets
it. So the speed is that of function and gateway together on this machine, hashing each byte four times; it says nothing about S3.
"""

import hashlib
import json
import subprocess
import time
import uuid
from pathlib import Path

from demo import stack
from demo.records import Records
from local_aws import LocalAws

BYTES = 5_000_000_000
FUNCTION = "tocsin-copy-objects"
# Where memory is looked at the first time: a copy that keeps something of each part needs more at the end than here.
EARLY_PARTS = 32


def measure(repository: Path):
    with LocalAws(repository / "target" / "local-aws" / "bench") as aws:
        deployed = stack.deploy(aws)
        incident = f"inc-{uuid.uuid4().hex[:20]}"
        digest = order(aws, deployed, incident)
        started = time.perf_counter()
        early, late = copy(aws, deployed, incident)
        seconds = time.perf_counter() - started
        found = Records(aws, deployed.table).of_incident(incident, "FILE")
        digests = [file["sha256"] for file in found if file["name"] == "0001"]
        if digests != [digest]:
            raise RuntimeError(f"the copy has the digest {digests}, the object {digest}")
    yield {"name": "5 GB object copied into the vault, local AWS", "value": round(BYTES / seconds / 1e6), "unit": "MB/s", "limit": "", "headline": True}
    yield {"name": "`sha256sum` of 1 GB in the same run", "value": round(sha256sum()), "unit": "MB/s", "limit": "", "headline": True}
    yield {"name": f"peak memory of `copy-objects` after {EARLY_PARTS} parts", "value": round(early, 1), "unit": "MB", "limit": ""}
    name = "peak memory of `copy-objects` over a 5 GB object"
    yield {"name": name, "value": round(late, 1), "unit": "MB", "limit": "flat: two parts of 16 MiB", "headline": True}


def order(aws, deployed, incident: str) -> str:
    """Orders the copy of an object of that size; its SHA-256."""
    bucket = f"bench-{uuid.uuid4().hex[:12]}"
    place = {"LocationConstraint": aws.region}
    aws.client("s3", account=stack.MEMBER).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    request = {"account": stack.MEMBER, "bucket": bucket, "key": "dump", "bytes": BYTES}
    digest = aws.control("POST", "/large-object", request)["sha256"]
    aws.control("POST", "/drop-parts", {"bucket": deployed.vault, "prefix": "incidents/"})
    line = {"account": stack.MEMBER, "region": aws.region, "bucket": bucket, "key": "dump"}
    content = (json.dumps(line, separators=(",", ":")) + "\n").encode()
    path = f"incidents/{incident}/copies/{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
    aws.client("s3", credentials=stack.custodian(aws)).put_object(Bucket=deployed.vault, Key=path, Body=content)
    return digest


def copy(aws, deployed, incident: str) -> tuple[float, float]:
    """The most memory that the function held after some parts, and at the end, in megabytes."""
    states, records = aws.client("stepfunctions"), Records(aws, deployed.table)
    request = {"name": incident, "input": json.dumps({"incident": incident})}
    arn = states.start_execution(stateMachineArn=deployed.machine("object-copies"), **request)["executionArn"]
    early, late = 0.0, 0.0
    while states.describe_execution(executionArn=arn)["status"] == "RUNNING":
        late = max([late, *map(peak, aws.function_processes(FUNCTION))])
        parts = sum(found["state"].get("parts", 0) for found in records.of_incident(incident, "COPY"))
        if not early and parts >= EARLY_PARTS:
            early = late
        time.sleep(0.2)
    return early, late


def peak(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def sha256sum() -> float:
    """Megabytes in a second."""
    started = time.perf_counter()
    with subprocess.Popen(["head", "-c", "1000000000", "/dev/zero"], stdout=subprocess.PIPE) as content:
        subprocess.run(["sha256sum"], stdin=content.stdout, stdout=subprocess.DEVNULL, check=True)
    return 1000 / (time.perf_counter() - started)


if __name__ == "__main__":
    for measured in measure(Path(__file__).resolve().parents[2]):
        print(json.dumps(measured))
