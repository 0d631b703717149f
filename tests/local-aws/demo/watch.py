"""Follows a response through what it records, and says each thing once, in the order in which it happened."""

import dataclasses
import datetime
import time

from demo import screen
from demo.records import Records, moment

POLL_SECONDS = 0.15
# Reading all that is recorded takes the emulator longer than what is asked for; where nobody watches, it only tells that there is life.
LIFE_SIGN_SECONDS = 3
PATIENCE_SECONDS = 90
MACHINES = ("incident-response", "containment", "containment-approval", "evidence-preservation", "notification")
PHASES = ("detect", "contain", "preserve", "assess", "draft", "gate", "send", "page", "close")


@dataclasses.dataclass(frozen=True, order=True)
class Happening:
    at: datetime.datetime
    phase: str
    what: str


class ResponseStuck(RuntimeError):
    """Nothing was recorded for a long time; the message says where the response stands."""


class Watch:
    """The response to one incident."""

    def __init__(self, aws, stack, incident: str, published: datetime.datetime):
        self.aws, self.stack, self.incident, self.published = aws, stack, incident, published
        self.records = Records(aws, stack.table)
        self.seen: dict[str, Happening] = {}

    def happenings(self) -> dict[str, Happening]:
        """Everything that has happened so far, under a name of its own."""
        found: dict[str, Happening] = {}
        for key, record in self.records.under(f"INCIDENT#{self.incident}").items():
            kind = key.split("#")[0]
            describe = DESCRIBE.get(kind)
            for number, happening in enumerate(describe(record) if describe else []):
                found[f"{key}/{number}"] = happening
        return found

    def news(self) -> list[Happening]:
        found = {key: happening for key, happening in self.happenings().items() if key not in self.seen}
        self.seen |= found
        return sorted(found.values())

    def elapsed(self, happening: Happening) -> float:
        return (happening.at - self.published).total_seconds()

    def show(self, happening: Happening) -> None:
        screen.row(self.elapsed(happening), happening.phase, happening.what, "bad" if happening.phase == "page" else "bold")

    def until(self, is_done, quiet: bool = False) -> None:
        """Show what happens until `is_done`. Gives up when nothing has happened for long."""
        last = looked = time.monotonic()
        while True:
            done = is_done()
            now = time.monotonic()
            if not quiet or now - looked > LIFE_SIGN_SECONDS:
                looked, news = now, self.news()
                last = now if news else last
                for happening in [] if quiet else news:
                    self.show(happening)
            if done:
                return
            if now - last > PATIENCE_SECONDS:
                raise ResponseStuck(f"nothing has happened for {PATIENCE_SECONDS} s: {self.standing()}")
            time.sleep(POLL_SECONDS)

    def executions(self, *machines: str) -> dict[str, str]:
        """The status of every execution of this incident, by `machine name`; of these machines, or all."""
        client, found = self.aws.client("stepfunctions"), {}
        for machine in machines or MACHINES:
            for execution in client.list_executions(stateMachineArn=self.stack.machine(machine), maxResults=100)["executions"]:
                if execution["name"].startswith(self.incident):
                    found[f"{machine} {execution['name']}"] = execution["status"]
        return found

    def is_preserved(self) -> bool:
        """Whether no preservation of evidence is under way. Notices do not wait for it."""
        return "RUNNING" not in self.executions("evidence-preservation").values()

    def standing(self) -> str:
        return ", ".join(f"{name}: {status}" for name, status in self.executions().items()) or "no execution was started"

    def has_ended(self) -> bool:
        """Whether every response execution has ended; a second finding starts one of its own."""
        responses = self.executions("incident-response").values()
        return bool(responses) and "RUNNING" not in responses

    def is_at_gate(self) -> bool:
        """Whether every notice that is still under way waits for counsel."""
        waiting = self.records.waiting(self.incident)
        running = [status for status in self.executions("notification").values() if status == "RUNNING"]
        duties = self.records.of_incident(self.incident, "OBLIGATION")
        is_open = [duty for duty in duties if duty["state"] == "open"]
        return bool(waiting) and len(waiting) >= len(running) and len(is_open) >= len(waiting)

    def is_at_gate_or_ended(self) -> bool:
        return self.has_ended() or self.is_at_gate()


def described(at: str | None, phase: str, what: str) -> list[Happening]:
    return [Happening(moment(at), phase, what)] if at else []


def of_incident(record: dict) -> list[Happening]:
    opened = f"incident {record['id']} opened: {record['title']}"
    closed = "incident closed: the report and the register entry are in the vault"
    return described(record["aware_at"], "detect", opened) + described(record["closed_at"], "close", closed)


def of_action(record: dict) -> list[Happening]:
    step = f"{record['action']} on {record['target']}" + (" (repeated)" if record["pass"] > 1 else "")
    if record["state"] == "withheld":
        return described(record["started_at"], "contain", f"{step}: waits for a person ({record['reason']})")
    if record["state"] == "declined":
        return described(record["started_at"], "contain", f"{step}: not done ({record['reason']})")
    seen = described(record["contained_at"], "contain", f"{step}: the account shows the effect")
    back = described(record["reversed_at"], "contain", f"{step}: reversed, the account is as it was found")
    return described(record["started_at"], "contain", f"{step}: started") + seen + back


def of_approval(record: dict) -> list[Happening]:
    count = sum(len(wave) for wave in record["waves"])
    asked = described(record["requested_at"], "contain", f"approval {record['id']} asked for, steps: {count}")
    decision = record["decision"]
    if not decision:
        return asked
    who = decision["by"].rsplit("/", 1)[-1]
    counts = f"approved: {len(decision['approved'])}, declined: {len(decision['declined'])}"
    return asked + described(decision["at"], "contain", f"approval {record['id']} answered by {who}, {counts}")


def of_evidence(record: dict) -> list[Happening]:
    item, progress = record["item"], record["progress"]
    if progress["state"] != "done":
        return []
    missing = f", {len(record['gaps'])} parts not to be had" if record["gaps"] else ""
    # An item is shown by its source and what it is about; the manifest names no subject, since it can be a person.
    what = f"{item['source']} of {item['kind'] or 'account'} {item['subject']}" if item["source"] != "finding" else "finding"
    return described(progress["at"], "preserve", f"{what}: in the vault, sums {progress['sums'][:12]}…{missing}")


def of_custody(record: dict) -> list[Happening]:
    if record["deed"] != "sealed":
        return []
    return described(record["at"], "preserve", f"manifest sealed: {record['reason']}")


def of_obligation(record: dict) -> list[Happening]:
    obligation = record["obligation"]
    due = f"due {obligation['due_at']}" if obligation["due_at"] else f"due once {obligation['after']} is sent"
    states = {
        "not-turned-on": "counsel has not turned this rule on, so a person was paged",
        "withheld": "counsel decided that nothing is sent",
        "not-notifiable": "counsel decided that this duty does not exist",
        "obsolete": "no longer owed",
    }
    what = f"{obligation['id']}: {states.get(record['state'], due)}"
    # A duty changes as it goes on; it is shown as it was first seen.
    return described(record["changed_at"], "assess", what)


def of_draft(record: dict) -> list[Happening]:
    what = f"{record['obligation']} version {record['version']} ({record['language']}): {record['subject']}"
    return described(record.get("written_at"), "draft", what)


def of_review(record: dict) -> list[Happening]:
    notice = f"{record['obligation']} version {record['version']}"
    asked = described(record["requested_at"], "gate", f"{notice}: waits for counsel")
    return asked


def of_attempt(record: dict) -> list[Happening]:
    notice = f"{record['obligation']} version {record['version']}"
    refused = f", refused: {record['refusal']}" if record["refusal"] else ""
    who = record["reviewer"].rsplit("/", 1)[-1]
    return described(record["at"], "gate", f"{notice}: {record['request']['verdict']} by {who}{refused}")


def of_delivery(record: dict) -> list[Happening]:
    if record["state"] != "sent":
        return []
    return described(record["sent_at"], "send", f"{record['obligation']}: sent to {record['recipient']}")


def of_page(record: dict) -> list[Happening]:
    return described(record["paged_at"], "page", f"{record['at_state']}: {record['reason']}")


DESCRIBE = {
    "INCIDENT": of_incident,
    "ACTION": of_action,
    "APPROVAL": of_approval,
    "EVIDENCE": of_evidence,
    "CUSTODY": of_custody,
    "OBLIGATION": of_obligation,
    "DRAFT": of_draft,
    "REVIEW": of_review,
    "ATTEMPT": of_attempt,
    "DELIVERY": of_delivery,
    "PAGE": of_page,
}
