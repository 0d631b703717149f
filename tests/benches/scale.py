"""Many resources at once on the local AWS: from the finding to the last one contained, and the calls that one of them waits for."""

import json
import time
import uuid
from pathlib import Path

from demo import organisation, stack
from demo.records import Records
from local_aws import LocalAws

RESOURCES = (1, 10, 100)
# Who works between a finding and the observation of an action. Evidence goes its own way beside them.
ON_THE_PATH = ("receive-finding", "plan-containment", "start-containment", "verify-containment")
PATIENCE_SECONDS = 300


def measure(repository: Path):
    with LocalAws(repository / "target" / "local-aws" / "bench") as aws:
        deployed = stack.deploy(aws)
        organisation.put(aws, deployed.settings, organisation.settings([]))
        for number in RESOURCES:
            earlier = len(aws.calls())
            seconds = contain(aws, deployed, number)
            name = f"finding published to containment of {number} bucket{'s' if number > 1 else ''} observed, local AWS"
            yield {"name": name, "value": round(seconds, 2), "unit": "s", "limit": "", "headline": True}
            if number == 1:
                calls = [call for call in aws.calls()[earlier:] if is_on_the_path(call)]
                yield {"name": "AWS calls one after another on that path", "value": len(calls), "unit": "", "limit": "", "headline": True}


def is_on_the_path(call: dict) -> bool:
    kind, name = call["principal"]["kind"], call["principal"]["name"]
    polls = call["operation"] in ("ReceiveMessage", "GetAutomationExecution")
    return not polls and (kind == "automation" or (kind == "function" and name.removeprefix("tocsin-") in ON_THE_PATH))


def contain(aws, deployed, number: int) -> float:
    """Seconds from the publication of a finding that names so many buckets until all of them are observed to be locked."""
    s3, mark = aws.client("s3"), uuid.uuid4().hex[:8]
    buckets = [f"bench-{mark}-{place}" for place in range(number)]
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    records = Records(aws, deployed.table)
    started = time.perf_counter()
    aws.put_guardduty_finding(finding(aws, mark, buckets))
    while time.perf_counter() - started < PATIENCE_SECONDS:
        found = [row["record"] for (_, sort), row in records.everything().items() if sort.startswith("ACTION#")]
        if sum(record["target"] in buckets and record["state"] == "contained" for record in found) == number:
            return time.perf_counter() - started
        time.sleep(0.1)
    raise RuntimeError(f"{number} buckets were not contained within {PATIENCE_SECONDS} s")


def finding(aws, mark: str, buckets: list[str]) -> dict:
    return {
        "schemaVersion": "2.0",
        "accountId": aws.account,
        "region": aws.region,
        "id": mark * 4,
        "arn": f"arn:aws:guardduty:{aws.region}:{aws.account}:detector/0123456789abcdef0123456789abcdef/finding/{mark * 4}",
        "type": "Exfiltration:S3/AnomalousBehavior",
        "severity": 8,
        "title": "Objects are read in an unusual way",
        "createdAt": "2026-11-01T00:00:00.000Z",
        "updatedAt": "2026-11-01T00:00:00.000Z",
        "resource": {"resourceType": "S3Bucket", "s3BucketDetails": [{"name": b, "arn": f"arn:aws:s3:::{b}"} for b in buckets]},
        "service": {"serviceName": "guardduty", "archived": False, "detectorId": "0123456789abcdef0123456789abcdef"},
    }


if __name__ == "__main__":
    for measured in measure(Path(__file__).resolve().parents[2]):
        print(json.dumps(measured))
