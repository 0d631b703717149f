"""`make demo`: one finding all the way, from the bus to the report, on the local AWS.

Environment: FINDING names a file with one finding, or one line of JSON Lines (`file.jsonl:12`); without it the sample shop is
seeded and attacked. YES=1 lets a sample counsel approve every notice. CONSOLE=1 leaves the console open: counsel decides there.
Exit codes: 0 the way was gone, or stopped at the legal gate as it says; 1 something failed, or the finding cannot be read;
2 FINDING names nothing, or `make build` has not run.
"""

import argparse
import datetime
import os
import pathlib
import sys
import time

import botocore.exceptions

from demo import account, console, finding, gate, mail, organisation, places, public, resources, screen, shop, stack, summary
from demo.command import CommandFailed
from demo.records import Records
from demo.watch import ResponseStuck, Watch
from local_aws import GatewayFailed, LocalAws
from local_aws.cloudfront import Edge
from local_aws.deploy import DeployFailed
from local_aws.identity_provider import ProviderFailed

UNREADABLE = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--run-dir", type=pathlib.Path, default=places.RUN, help="where the local AWS keeps its files")
    parser.add_argument("--results", type=pathlib.Path, default=places.RESULTS, help="where the report goes")
    options = parser.parse_args()
    missing = places.missing()
    if missing:
        screen.complain(f"`{places.shown(missing[0])}` is missing: run `make build` first.")
        return 2
    try:
        text = finding.read(os.environ["FINDING"]) if os.environ.get("FINDING") else None
        with LocalAws(options.run_dir) as aws:
            return run(aws, text, options.results)
    except finding.NoFinding as error:
        screen.complain(f"{error}.")
        return 2
    except (GatewayFailed, DeployFailed, ProviderFailed, ResponseStuck, CommandFailed, TimeoutError, botocore.exceptions.ClientError) as error:
        screen.complain(str(error))
        screen.complain(f"The logs are in {places.shown(options.run_dir)}.")
        return 1
    except KeyboardInterrupt:
        screen.complain("Stopped. The local AWS is down.")
        return 130


def run(aws, text: str | None, results: pathlib.Path) -> int:
    started = time.monotonic()
    screen.say(f"Local AWS: {aws.endpoint}, account {aws.account}, {aws.region}. Nothing leaves this machine.")
    deployed = stack.deploy(aws)
    if not has_console():
        return follow(aws, deployed, text, results, started)
    with console.opened(aws, deployed), public.opened(aws, deployed) as edge:
        code = follow(aws, deployed, text, results, started, edge)
        console.keep_open(aws, deployed, edge)
        return code


def has_console() -> bool:
    return os.environ.get("CONSOLE") == "1"


def follow(aws, deployed: stack.Stack, text: str | None, results: pathlib.Path, started: float, edge: Edge | None = None) -> int:
    """Seed the account, publish the finding, follow the response."""
    counsel = gate.Counsel(aws, deployed)
    now = datetime.datetime.now(datetime.UTC)
    document, buckets = seed(aws, text, now)
    settings = organisation.settings(buckets)
    organisation.put(aws, deployed.settings, public.published(settings, edge) if edge else settings)
    screen.say(f"Tocsin is deployed, the account is seeded ({time.monotonic() - started:.1f} s).")
    before = {
        (step["action"], step["target"]): account.of_step(aws, step["action"], step["target"]) for step in document.plan
    }
    screen.heading("Response")
    published = datetime.datetime.now(datetime.UTC)
    finding.publish(aws, deployed.queue, document)
    if document.refusals:
        return show_unreadable(aws, deployed, document)
    incidents = taken(aws, deployed, document)
    if not incidents:
        return show_recorded_only(aws, deployed, document)
    codes = [respond(Watch(aws, deployed, incident, published), counsel, before, results) for incident in incidents]
    return max(codes)


def seed(aws, text: str | None, now: datetime.datetime) -> tuple[finding.Document, list[str]]:
    """Make what the finding is about; answers the finding, and the buckets that hold personal data."""
    if text is None:
        sample = shop.open_shop(aws)
        shop.leave_traces(aws, sample, now)
        detail = shop.stolen_credentials(aws, sample, now)
        document = finding.load(finding.as_text(detail), aws.account, aws.region)
        introduce(document)
        return document, [sample.bucket]
    document = finding.load(text, aws.account, aws.region)
    introduce(document)
    for line in resources.make(aws, document.entities):
        screen.say(line, indent=2, hanging=4)
    return document, sorted({entity["id"] for entity in document.entities if entity["kind"] == "bucket"})


def introduce(document: finding.Document) -> None:
    for other in document.accounts:
        screen.say(f"The finding is about account {other}; here the local account stands in for it.")
    for read in document.findings:
        found = read["finding"]
        screen.heading(f"{finding.FORMATS[found['format']]} finding: {found['title']}")
        screen.say(f"{found['type']}, {found['severity']['label']} ({found['severity']['score']})", indent=2)
        screen.say(f"kind of breach: {found['category']}; playbook: {read['playbook']}", indent=2)
        asks = lambda step: " (asks a person first)" if step["needs_approval"] else ""  # noqa: E731
        steps = ", then ".join(f"{step['action']} on {step['target']}{asks(step)}" for step in read["plan"])
        screen.say(f"plan: {steps or 'no action fits, a person decides'}", indent=2, hanging=4)


def taken(aws, deployed: stack.Stack, document: finding.Document) -> list[str]:
    """The incidents that the findings belong to, once every finding was taken from the queue."""
    records = Records(aws, deployed.table)
    identifiers = [read["finding"]["id"] for read in document.findings]

    def all_taken() -> list[dict] | None:
        found = [records.finding(identifier) for identifier in identifiers]
        return found if all(found) else None

    found = aws.wait_until(all_taken, seconds=30, what="a record of every finding")
    return sorted({record["incident"] for record in found if record.get("incident")})


def show_recorded_only(aws, deployed: stack.Stack, document: finding.Document) -> int:
    records = Records(aws, deployed.table)
    reasons = {records.finding(read["finding"]["id"])["suppressed"]["reason"] for read in document.findings}
    screen.say(f"Tocsin records the finding and does nothing else: {'; '.join(sorted(reasons))}. No incident was opened.")
    return 0


def show_unreadable(aws, deployed: stack.Stack, document: finding.Document) -> int:
    letters = aws.wait_until(lambda: mail.letters(aws, deployed.dead_letters), seconds=30, what="the dead letter")
    screen.say("The finding cannot be read. It is in the dead-letter queue, with these attributes:")
    for letter in letters:
        for name, value in letter.items():
            screen.say(f"{name:<8} {value}", indent=2, hanging=11)
    screen.say("On AWS the alarm `tocsin-unreadable-finding` tells the operator.")
    return UNREADABLE


def respond(watch: Watch, counsel: gate.Counsel, before: dict, results: pathlib.Path) -> int:
    """Follow one response to its end, or to the gate where nobody decides."""
    watch.until(watch.is_at_gate_or_ended)
    decides = os.environ.get("YES") == "1" or (gate.is_asked() and not has_console())
    while decides and not watch.has_ended():
        waiting = watch.records.waiting(watch.incident)[0]
        draft = gate.show(watch, counsel, waiting)
        try:
            if os.environ.get("YES") == "1":
                gate.approve_as_sample(counsel, waiting, draft)
            else:
                gate.ask(counsel, waiting, draft)
        except EOFError:
            break
        still = lambda waiting=waiting: waiting in watch.records.waiting(watch.incident)  # noqa: E731
        watch.until(lambda still=still: watch.has_ended() or (not still() and watch.is_at_gate()))
    # The report waits for evidence by itself; who stops at the gate may be there before it.
    watch.until(lambda: watch.has_ended() or watch.is_preserved())
    summarise(watch, before)
    if not watch.has_ended():
        stop_at_gate(watch)
        return 0
    return 0 if summary.report(watch, results) else 1


def summarise(watch: Watch, before: dict) -> None:
    summary.timeline(watch)
    summary.contained(watch, before)
    summary.evidence(watch)
    summary.obligations(watch)
    summary.notices(watch)


def stop_at_gate(watch: Watch) -> None:
    waiting = [review["obligation"] for review in watch.records.waiting(watch.incident)]
    duties = [duty["obligation"] for duty in watch.records.of_incident(watch.incident, "OBLIGATION") if duty["state"] == "open"]
    screen.heading("Stopped at the legal gate")
    screen.say(f"Waiting for counsel: {', '.join(waiting)}. Nothing was sent, and no timeout sends anything.", indent=2)
    for duty in duties:
        if duty["id"] not in waiting:
            screen.say(f"{duty['id']} is drafted once {duty['after']} is settled.", indent=2)
    if has_console():
        screen.say("To decide yourself: in the console, below.", indent=2)
        return
    screen.say("To decide yourself:                 make demo, in a terminal", indent=2)
    screen.say("To decide in a browser:             make demo CONSOLE=1", indent=2)
    screen.say("To let a sample counsel approve:    make demo YES=1", indent=2)


if __name__ == "__main__":
    sys.exit(main())
