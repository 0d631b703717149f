"""The finding to respond to: read from a file, moved into the local account, and published the way its service would."""

import dataclasses
import json
import pathlib
import re

from demo import command

FORMATS = {"guardduty": "GuardDuty", "asff": "Security Hub, ASFF", "ocsf": "Security Hub, OCSF"}

REGION_OF_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):")

# Findings that a local service keeps, so that Tocsin can read them again and mark them.
HELD_BY_A_SERVICE = ("GuardDuty Finding", "Security Hub Findings - Imported")


class NoFinding(RuntimeError):
    """The file that was named holds no document; the message says what to name instead."""


@dataclasses.dataclass
class Document:
    """One document, and what `tocsin replay` reads in it."""

    text: str
    findings: list[dict]
    refusals: list[dict]
    accounts: list[str]

    @property
    def format(self) -> str:
        return self.findings[0]["finding"]["format"]

    @property
    def entities(self) -> list[dict]:
        return [entity for found in self.findings for entity in found["finding"]["entities"]]

    @property
    def plan(self) -> list[dict]:
        return [step for found in self.findings for step in found["plan"]]


def read(argument: str) -> str:
    """The text of a file with one JSON document, or of one line of JSON Lines (`file.jsonl:12`)."""
    named, _, line = argument.rpartition(":")
    path, number = (pathlib.Path(named), int(line)) if named and line.isdigit() else (pathlib.Path(argument), None)
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise NoFinding(f"`{path}` cannot be read ({error.strerror}): name a readable file in FINDING") from error
    if number is None:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") and is_json(line) for line in lines):
            raise NoFinding(f"`{path}` holds {len(lines)} documents: name one of them, such as FINDING={path}:1")
        return text
    lines = text.splitlines()
    if not 1 <= number <= len(lines):
        raise NoFinding(f"`{path}` has {len(lines)} lines, so there is no line {number}")
    return lines[number - 1]


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def load(text: str, account: str, region: str) -> Document:
    """Read a document. The accounts and regions that it is about become the local ones: roles and documents are there."""
    whole = on_one_line(text)
    read = [found["finding"] for found in command.replay(whole) if found["ok"]]
    accounts = sorted({finding["account"] for finding in read} - {account})
    for other in accounts:
        whole = re.sub(rf"(?<!\d){re.escape(other)}(?!\d)", account, whole)
    named = {finding["region"] for finding in read} | {REGION_OF_ARN.match(arn)[1] for arn in arns(read) if REGION_OF_ARN.match(arn)}
    for other in sorted(named - {region, None}):
        whole = re.sub(rf"(?<![a-z0-9-]){re.escape(other)}(?!\d)", region, whole)
    answers = command.replay(whole)
    return Document(
        text=whole,
        findings=[answer for answer in answers if answer["ok"]],
        refusals=[answer["error"] for answer in answers if not answer["ok"]],
        accounts=accounts,
    )


def arns(findings: list[dict]) -> list[str]:
    return [entity["arn"] for finding in findings for entity in finding["entities"] if entity.get("arn")]


def as_text(document: dict) -> str:
    return json.dumps(document, ensure_ascii=False)


def on_one_line(text: str) -> str:
    try:
        return as_text(json.loads(text))
    except ValueError:
        return " ".join(text.split())


def publish(aws, queue: str, document: Document) -> None:
    """Put it on the bus as its service does. What no service would send goes straight to the queue behind the bus."""
    value = json.loads(document.text) if document.findings else None
    is_event = isinstance(value, dict) and "detail-type" in value and "detail" in value
    if not isinstance(value, dict):
        aws.client("sqs").send_message(QueueUrl=queue, MessageBody=document.text)
    elif is_event and value["detail-type"] not in HELD_BY_A_SERVICE:
        aws.publish_service_event(value)
    elif document.format == "guardduty":
        for one in [value] if is_event else value.get("Findings") or value.get("findings") or [value]:
            aws.put_guardduty_finding(one)
    elif document.format == "asff":
        findings = value.get("Findings") or value.get("findings") or [value]
        aws.put_securityhub_finding(value if is_event else {"detail": {"findings": findings}})
    else:
        event = {"source": "aws.securityhub", "detail-type": "Findings Imported V2"}
        aws.publish_service_event({**event, "detail": {"findings": value.get("findings") or [value]}})
