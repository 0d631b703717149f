"""Lists of people, and a notice to them that counsel has approved, made as the functions write it: so that a test needs no whole response."""

import copy
import csv
import hashlib
import io
import json
import os
import signal
import uuid

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from demo import mail, organisation
from demo.records import Records

OBLIGATION = "us-ca-ind"
NOW = "2026-11-20T10:00:00Z"
COLUMNS = ("email", "name", "language", "jurisdiction", "postal_address", "mailbox_breached")
DELIVER = "tocsin-deliver-notices"
TEXT = {"subject": "Notice of Data Breach", "text": "What happened: …", "html": "<p>What happened: …</p>"}


def person(email: str = "", **more) -> dict:
    return {"email": email, "name": "Ada Müller", "language": "en", "jurisdiction": "US-CA", "postal_address": "1 Pier, 94105 SF", **more}


def people(count: int, label: str = "") -> list[dict]:
    label = label or uuid.uuid4().hex[:8]
    return [person(f"p{number}.{label}@people.example") for number in range(count)]


def as_csv(rows: list[dict]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def digest_of(*parts: str) -> str:
    """As the core does: each part after its length, in eight bytes."""
    joined = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
    return hashlib.sha256(joined).hexdigest()


class Notice:
    """A duty of an incident of its own, with a text that is approved for the list that lies there now."""

    def __init__(self, aws, deployed, duty: dict):
        self.aws, self.stack, self.duty = aws, deployed, duty
        self.incident = f"inc-{uuid.uuid4().hex[:20]}"
        self.key = f"lists/{self.incident}.csv"
        self.records = Records(aws, deployed.table)
        self.s3, self.states = aws.client("s3"), aws.client("stepfunctions")

    def put_list(self, content: bytes) -> dict:
        return self.s3.put_object(Bucket=self.stack.lists, Key=self.key, Body=content)

    def audience(self, by_mail: int, by_post: int = 0, **more) -> dict:
        """What the check finds, in the order of its fields."""
        found = self.s3.get_object(Bucket=self.stack.lists, Key=self.key)
        content = found["Body"].read()
        pinned = {"key": self.key, "version_id": found["VersionId"], "etag": found["ETag"], "bytes": len(content)}
        told = by_mail + by_post
        counted = {"people": told, "by_mail": by_mail, "by_post": by_post, "breached_mailboxes": 0, "unusable": 0, "problems": []}
        codes = {"languages": {"en": told}, "jurisdictions": {"US-CA": told}}
        return {"list": pinned, "sha256": hashlib.sha256(content).hexdigest(), **counted, **codes} | more

    def name_list(self) -> None:
        """The organisation's settings name this list."""
        read = self.s3.get_object(Bucket=self.stack.settings, Key=organisation.PATH)["Body"].read()
        told = {"name": "Customers", "list": f"s3://{self.stack.lists}/{self.key}", "language": "en"}
        settings = json.loads(read) | {"support_desk": None}
        organisation.put(self.aws, self.stack.settings, {**settings, "recipients": {**settings["recipients"], OBLIGATION: told}})

    def approve(self, audience: dict) -> None:
        self.name_list()
        whole = json.dumps(audience, separators=(",", ":"), ensure_ascii=False).encode()
        self.digest = digest_of(*TEXT.values(), hashlib.sha256(whole).hexdigest())
        about = {"incident": self.incident, "obligation": OBLIGATION, "version": 1, "digest": self.digest}
        draft = {**about, **TEXT, "language": "en", "drafters": ["tocsin"], "gaps": [], "written_at": NOW, "audience": audience}
        decision = {**about, "verdict": "approved", "reason": "read in full", "reviewer": "counsel", "decided_at": NOW}
        review = {**about, "drafters": ["tocsin"], "requested_at": NOW, "due_at": None, "decision": decision}
        duty = copy.deepcopy(self.duty) | {"incident": self.incident, "state": "open"}
        for sort, record in ((f"DRAFT#{OBLIGATION}#000001", draft), (f"REVIEW#{OBLIGATION}#000001", review), (f"OBLIGATION#{OBLIGATION}", duty)):
            self.write(sort, record)

    def write(self, sort: str, record: dict) -> None:
        item = {"pk": f"INCIDENT#{self.incident}", "sk": sort, "record": record, "version": 1}
        serialize = TypeSerializer().serialize
        self.aws.client("dynamodb").put_item(TableName=self.stack.table, Item={name: serialize(value) for name, value in item.items()})

    def send(self) -> tuple[str | None, dict]:
        """What `send-notice` answers: the name of its error, if it is one, and the answer."""
        payload = {"incident": self.incident, "obligation": OBLIGATION, "version": 1, "digest": self.digest}
        return self.invoke("tocsin-send-notice", payload)

    def invoke(self, function: str, payload: dict) -> tuple[str | None, dict]:
        answer = self.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        result = json.loads(answer["Payload"].read())
        return (result.get("errorType") if answer.get("FunctionError") else None), result

    def begin(self, pace: dict | None = None, batches: list | None = None) -> str:
        """Starts the machine as `notification` does; its ARN."""
        error, sent = self.send()
        assert error is None, sent
        given = {"incident": self.incident, "obligation": OBLIGATION, "digest": self.digest}
        given |= {"batches": batches or sent["batches"], "pace": pace or sent["pace"]}
        started = self.states.start_execution(stateMachineArn=self.stack.machine("notice-delivery"), name=self.incident, input=json.dumps(given))
        return started["executionArn"]

    def end(self, execution: str, seconds: float = 60) -> dict:
        find = lambda: (found := self.states.describe_execution(executionArn=execution))["status"] != "RUNNING" and found  # noqa: E731
        return self.aws.wait_until(find, seconds=seconds, what="the end of the delivery")

    def deliver(self, **more) -> dict:
        return self.end(self.begin(**more))

    def delivery(self) -> dict:
        return self.records.of_incident(self.incident, "DELIVERY")[0]

    def tally(self) -> dict:
        return self.delivery()["many"]["tally"]

    def rows(self) -> dict[tuple[str, str], dict]:
        """What is recorded of each person."""
        deserialize = TypeDeserializer().deserialize
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=self.stack.table)
        items = [{name: deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]]
        return {(item["pk"], item["sk"]): item["record"] for item in items if item["pk"].startswith(f"NOTICE#{self.incident}#")}

    def mails(self) -> list[dict]:
        """The mails of this notice: each goes to a person of this list alone."""
        return [sent for sent in mail.sent(self.aws) if sent["Subject"] == TEXT["subject"] and sent["To"][0] in self.addresses]

    def told(self, rows: list[dict]) -> "Notice":
        """Puts these people on the list."""
        self.addresses = {row["email"] for row in rows}
        self.put_list(as_csv(rows))
        return self

    def letters(self) -> list[dict]:
        prefix = f"letters/{self.incident}/"
        found = self.s3.list_objects_v2(Bucket=self.stack.lists, Prefix=prefix).get("Contents", [])
        texts = [self.s3.get_object(Bucket=self.stack.lists, Key=one["Key"])["Body"].read().decode() for one in found]
        return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def kill(aws, function: str = DELIVER) -> int:
    """Ends the function's processes, as Lambda ends one that is out of memory; answers how many there were."""
    processes = aws.function_processes(function)
    for process in processes:
        os.kill(process, signal.SIGKILL)
    return len(processes)
