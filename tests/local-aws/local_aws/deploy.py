"""Deploys a SAM template to the gateway's CloudFormation, as `sam deploy` would to AWS."""

import hashlib
import io
import json
import pathlib
import time
import zipfile

import botocore.exceptions

from local_aws import template as templates

DEPLOY_SECONDS = 120
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class DeployFailed(RuntimeError):
    """A stack was not created or updated; the message names the resources and why."""


def deploy(aws, stack: str, path, parameters: dict | None, account: str, region: str) -> dict:
    """Create or update `stack` from the template at `path`; its outputs."""
    place = {"account": account, "region": region}
    s3, cloudformation = aws.client("s3", **place), aws.client("cloudformation", **place)
    bucket = f"local-aws-code-{account}-{region}"
    ensure_bucket(s3, bucket, region)
    body = templates.expand(path, lambda name, directory: upload_code(s3, bucket, name, directory), parameters, region)
    # ministack's conditions take a pseudo parameter for a string, so that a comparison with the region is never true.
    pseudo = {"AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": "aws"}
    body["Conditions"] = with_values(body.get("Conditions") or {}, pseudo)
    key = f"{stack}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(body, separators=(",", ":")).encode())
    request = {
        "StackName": stack,
        "TemplateURL": f"{aws.endpoint}/{bucket}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": str(value)} for name, value in (parameters or {}).items()],
        "Capabilities": CAPABILITIES,
    }
    started = time.time()
    if exists(cloudformation, stack):
        try:
            cloudformation.update_stack(**request)
        except botocore.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
    else:
        cloudformation.create_stack(**request)
    return wait(cloudformation, stack, started)


def with_values(value, known: dict[str, str]):
    """The same, with `Ref`s to the names in `known` replaced by what they stand for."""
    if isinstance(value, list):
        return [with_values(item, known) for item in value]
    if isinstance(value, dict):
        if value.get("Ref") in known:
            return known[value["Ref"]]
        return {key: with_values(item, known) for key, item in value.items()}
    return value


def ensure_bucket(s3, bucket: str, region: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError:
        # us-east-1 is no location that S3 lets anybody name.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **place)


def upload_code(s3, bucket: str, logical_id: str, directory: pathlib.Path) -> dict:
    """Zip what `cargo lambda build` left in `directory`."""
    if not (directory / "bootstrap").is_file() and not any(directory.glob("*.py")):
        raise DeployFailed(f"{directory}: no `bootstrap` for `{logical_id}`; run `make build` first")
    data = archive(directory)
    key = f"{logical_id}-{hashlib.sha256(data).hexdigest()[:16]}.zip"
    s3.put_object(Bucket=bucket, Key=key, Body=data)
    return {"Bucket": bucket, "Key": key}


def archive(directory: pathlib.Path) -> bytes:
    """Stored, not compressed: it does not leave this machine."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as zipped:
        for file in sorted(directory.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(str(file.relative_to(directory)))
                entry.external_attr = (file.stat().st_mode & 0o777) << 16
                zipped.writestr(entry, file.read_bytes())
    return data.getvalue()


def exists(cloudformation, stack: str) -> bool:
    try:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except botocore.exceptions.ClientError:
        return False
    return status != "DELETE_COMPLETE"


def wait(cloudformation, stack: str, started: float) -> dict:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = found["StackStatus"]
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise DeployFailed(explain(cloudformation, stack, found, started))
        time.sleep(0.03)
    raise DeployFailed(f"stack `{stack}` was still {status} after {DEPLOY_SECONDS} s")


def explain(cloudformation, stack: str, found: dict, started: float) -> str:
    lines = [f"stack `{stack}` is {found['StackStatus']}: {found.get('StackStatusReason', 'no reason given')}"]
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        own = event["ResourceType"] == "AWS::CloudFormation::Stack"
        if event["ResourceStatus"].endswith("_FAILED") and not own and event["Timestamp"].timestamp() >= started - 1:
            reason = event.get("ResourceStatusReason", "no reason given")
            lines.append(f"  {event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
    return "\n".join(lines)
