"""The legal gate: shows a notice word for word, asks a person or the sample counsel, and hands the answer to `tocsin decide`."""

import json
import pathlib
import sys

from demo import command, screen, stack

SAMPLE_REASON = "Read in full; the facts are as the register has them."
SAMPLE_MISSING_REASON = "What is missing is not known yet, and is told as soon as it is."
VERDICTS = {"a": "--approve", "r": "--reject", "c": "--changes", "n": "--not-notifiable"}


class Counsel:
    """Two lawyers, each with an access key: whoever corrected a fact had a hand in the draft, so the other decides."""

    def __init__(self, aws, deployed: stack.Stack):
        self.aws, self.deployed = aws, deployed
        self.keys = {name: stack.admit_counsel(aws, name) for name in stack.COUNSEL}
        self.corrected: dict[str, set[str]] = {}

    def who(self, incident: str) -> str:
        drafters = self.corrected.get(incident, set())
        return next((name for name in stack.COUNSEL if name not in drafters), stack.COUNSEL[0])

    def tocsin(self, name: str, *arguments: str) -> str:
        place = ("--url", self.deployed.decision_url, "--table", self.deployed.table)
        return command.run("decide", *place, *arguments, environment=command.environment(self.aws, self.keys[name]))

    def decide(self, waiting: dict, draft: dict, verdict: str, reason: str, facts: str | None = None, missing: str | None = None) -> str:
        """Hand in a decision; answers who made it."""
        name = self.who(waiting["incident"])
        answer = [verdict, "--digest", draft["digest"], "--reason", reason]
        if missing:
            answer += ["--missing-items-reason", missing]
        if facts:
            answer += ["--facts", facts]
        self.tocsin(name, waiting["incident"], waiting["obligation"], *answer)
        if facts:
            self.corrected.setdefault(waiting["incident"], set()).add(name)
        return name


def is_asked() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def show(watch, counsel: Counsel, waiting: dict) -> dict:
    """The notice as it would go out, as counsel gets it from `tocsin decide`; answers its draft."""
    shown = json.loads(counsel.tocsin(counsel.who(watch.incident), watch.incident, waiting["obligation"], "--show", "--json"))
    draft, duty = shown["draft"], shown["obligation"]
    recipient = recipients(watch)[waiting["obligation"]]
    due = duty["due_at"] or f"runs from the notice {duty['after']}"
    rows = [("duty", duty["citation"]), ("to", f"{recipient['name']} <{recipient['email']}>"), ("due", due)]
    rows += [("the rule", f"confidence {duty['confidence']}, read as {duty['verified']}")]
    rows += [("missing", gap) for gap in draft["gaps"]]
    rows += [("subject", draft["subject"]), ("sha256", draft["digest"])]
    screen.heading(f"Notice {draft['obligation']}, version {draft['version']}, waits for counsel")
    for name, value in rows:
        screen.say(f"{name:<10}{value}", indent=2, hanging=12)
    screen.quoted(draft["text"])
    return draft


def recipients(watch) -> dict:
    body = watch.aws.client("s3").get_object(Bucket=watch.stack.settings, Key="settings/organisation.json")["Body"].read()
    return json.loads(body)["recipients"]


def approve_as_sample(counsel: Counsel, waiting: dict, draft: dict) -> None:
    missing = SAMPLE_MISSING_REASON if draft["gaps"] else None
    name = counsel.decide(waiting, draft, "--approve", SAMPLE_REASON, missing=missing)
    screen.say(f"YES=1: {name}, a sample, approves this text.")


def ask(counsel: Counsel, waiting: dict, draft: dict) -> None:
    """Ask until an answer was accepted. End of input leaves the notice where it is."""
    while True:
        name = counsel.who(waiting["incident"])
        screen.say()
        choice = prompt(f"{name} decides: [a]pprove, [r]eject, ask for [c]hanges, duty does [n]ot exist? ").lower()[:1]
        if choice not in VERDICTS:
            continue
        reason = prompt("Reason (goes into the register): ")
        is_explained = choice == "a" and draft["gaps"]
        missing = prompt("Why it may go out without what is missing: ") if is_explained else ""
        facts = prompt("A JSON file of corrected facts, or nothing: ") if choice == "c" else ""
        if facts and not pathlib.Path(facts).is_file():
            screen.complain(f"there is no file `{facts}`")
            continue
        try:
            counsel.decide(waiting, draft, VERDICTS[choice], reason, facts or None, missing or None)
            return
        except command.CommandFailed as refusal:
            screen.complain(str(refusal))


def prompt(question: str) -> str:
    return input(question).strip()
