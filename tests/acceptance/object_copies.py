"""Orders of object versions that a test has copied: what it names, and what lies in the vault afterwards."""

import hashlib
import json
import os
import signal
import uuid

from demo import stack
from demo.records import Records

FUNCTION = "tocsin-copy-objects"
MACHINE = "object-copies"
REGION = "eu-central-1"


class Bucket:
    """A bucket of an account that Tocsin protects."""

    def __init__(self, aws, versioned: bool = True):
        self.aws, self.name = aws, f"shop-{uuid.uuid4().hex[:12]}"
        self.s3 = aws.client("s3", account=stack.MEMBER)
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def encrypt(self) -> None:
        """From now on under a key of the account's own."""
        key = self.aws.client("kms", account=stack.MEMBER).create_key()["KeyMetadata"]["Arn"]
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        self.s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def put(self, key: str, content: bytes, **more) -> dict:
        """The line of an order that names this version."""
        answer = self.s3.put_object(Bucket=self.name, Key=key, Body=content, **more)
        return self.line(key, version_id=answer.get("VersionId"))

    def put_large(self, key: str, size: int, **more) -> str:
        """The SHA-256 of an object that is in memory nowhere."""
        request = {"account": stack.MEMBER, "bucket": self.name, "key": key, "bytes": size, **more}
        return self.aws.control("POST", "/large-object", request)["sha256"]

    def line(self, key: str, **more) -> dict:
        line = {"account": stack.MEMBER, "region": REGION, "bucket": self.name, "key": key, **more}
        return {name: value for name, value in line.items() if value is not None}


class Copies:
    """The copies of an incident of its own."""

    def __init__(self, aws, deployed):
        self.aws, self.stack = aws, deployed
        self.incident = f"inc-{uuid.uuid4().hex[:20]}"
        self.records = Records(aws, deployed.table)
        # As a custodian has it: the vault is in another account, whose bucket policy decides.
        self.s3 = aws.client("s3", credentials=stack.custodian(aws))

    def order(self, *lines: dict) -> str:
        """The path of a new order."""
        return self.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode())

    def write(self, content: bytes, name: str = "") -> str:
        name = name or hashlib.sha256(content).hexdigest()[:16]
        path = f"incidents/{self.incident}/copies/{name}.jsonl"
        self.s3.put_object(Bucket=self.stack.vault, Key=path, Body=content)
        return path

    def call(self, path: str) -> dict:
        """What one run of the function answers."""
        payload = json.dumps({"incident": self.incident, "order": path})
        answer = self.aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=payload)
        return json.loads(answer["Payload"].read())

    def until_copied(self, path: str, calls: int = 40) -> dict:
        """Calls as the state machine does; a run that failed is repeated."""
        for _ in range(calls):
            answer = self.call(path)
            if answer.get("state") == "copied":
                return answer
        raise AssertionError(f"not copied after {calls} calls: {answer}")

    def run(self, seconds: float = 30) -> dict:
        """The end of an execution of the state machine over all orders."""
        states = self.aws.client("stepfunctions")
        request = {"name": self.incident, "input": json.dumps({"incident": self.incident})}
        arn = states.start_execution(stateMachineArn=self.stack.machine(MACHINE), **request)["executionArn"]
        find = lambda: (found := states.describe_execution(executionArn=arn))["status"] != "RUNNING" and found  # noqa: E731
        return self.aws.wait_until(find, seconds=seconds, what="the end of the copies")

    def of(self, kind: str) -> list[dict]:
        return self.records.of_incident(self.incident, kind)

    def item(self, path: str) -> dict:
        """The record of an order as an item of evidence."""
        name = path.rsplit("/", 1)[-1].removesuffix(".jsonl")
        return next(found for found in self.of("EVIDENCE") if found["item"]["subject"] == name)

    def files(self, path: str) -> dict[str, dict]:
        """The records of an order's files by name."""
        folder = self.about(path)[1].rsplit("/", 1)[0]
        return {found["name"]: found for found in self.of("FILE") if f"incidents/{self.incident}/{found['folder']}" == folder}

    def about(self, path: str) -> tuple[dict, str]:
        """What `about.json` of an order says, and where it lies."""
        name = path.rsplit("/", 1)[-1].removesuffix(".jsonl")
        for found in self.vault():
            if found.endswith("/about.json") and (about := json.loads(self.read(found)))["order"] == name:
                return about, found
        raise AssertionError("the order has no about.json")

    def vault(self) -> dict[str, list[dict]]:
        """The versions of everything that lies with the evidence, by path."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.stack.vault, Prefix=f"incidents/{self.incident}/evidence/")
        found: dict[str, list[dict]] = {}
        for page in pages:
            for version in page.get("Versions", []):
                found.setdefault(version["Key"], []).append(version)
        return found

    def copies(self) -> dict[str, list[dict]]:
        return {path: versions for path, versions in self.vault().items() if not path.endswith(".json")}

    def read(self, path: str) -> bytes:
        return self.s3.get_object(Bucket=self.stack.vault, Key=path)["Body"].read()

    def uploads(self) -> list[dict]:
        found = self.s3.list_multipart_uploads(Bucket=self.stack.vault, Prefix=f"incidents/{self.incident}/").get("Uploads", [])
        return found

    def parts_left(self) -> int:
        """How many parts lie in uploads that nobody goes on with. An upload without parts holds nothing, and the vault's lifecycle ends it."""
        lists = [self.s3.list_parts(Bucket=self.stack.vault, Key=one["Key"], UploadId=one["UploadId"]) for one in self.uploads()]
        return sum(len(found.get("Parts", [])) for found in lists)

    def digests(self) -> set[str]:
        return {hashlib.sha256(self.read(path)).hexdigest() for path in self.copies()}

    def parts(self) -> int:
        """How many parts are recorded of the copy that is under way."""
        return sum(found["state"].get("parts", 0) for found in self.of("COPY"))


def kill_function(aws) -> int:
    """Ends the function's processes, as Lambda ends one that is out of memory; answers how many there were."""
    processes = aws.function_processes(FUNCTION)
    for process in processes:
        os.kill(process, signal.SIGKILL)
    return len(processes)
