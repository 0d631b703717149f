"""What is left to say at the end: how long it took, what changed, what is kept, who was told."""

import collections
import pathlib

from demo import account, custody, mail, places, screen, stack
from demo.records import moment

# A phase that waits for a person is as long as the person takes.
NAMES = {
    "detect": "detection",
    "contain": "containment",
    "preserve": "evidence",
    "assess": "obligations",
    "draft": "drafts",
    "gate": "legal review",
    "send": "notices",
    "page": "pages to the operator",
    "close": "report",
}


def timeline(watch) -> None:
    screen.heading("Timeline (seconds after the finding was published)")
    phases: dict[str, list[float]] = {}
    for happening in watch.seen.values():
        phases.setdefault(happening.phase, []).append(watch.elapsed(happening))
    for phase, name in NAMES.items():
        if phase in phases:
            first, last = min(phases[phase]), max(phases[phase])
            screen.say(f"{name:<22}{first:8.2f} to {last:8.2f}   lasted {max(0.0, last - first):7.2f} s", indent=2)


def time_to_containment(watch, passes: int) -> float | None:
    """From publication to the last effect of these passes; `None` if some action has no effect yet."""
    actions = [action for action in watch.records.of_incident(watch.incident, "ACTION") if action["pass"] <= passes]
    if not actions or any(action["contained_at"] is None for action in actions):
        return None
    return max((moment(action["contained_at"]) - watch.published).total_seconds() for action in actions)


def contained(watch, before: dict) -> None:
    """Before and after, as the account shows it now."""
    screen.heading("Contained, as read from the account")
    actions = [action for action in watch.records.of_incident(watch.incident, "ACTION") if action["pass"] == 1]
    if not actions:
        screen.say("No action fits this finding.", indent=2)
        return
    for action in actions:
        screen.say(f"{action['action']} on {action['target']}: {action['state']}", indent=2)
        now = account.of_step(watch.aws, action["action"], action["target"])
        for aspect, found, left in account.changes(action["action"], before.get((action["action"], action["target"]), {}), now):
            screen.say(f"{aspect}: {found} -> {left}", indent=4, hanging=6)
    once, twice = time_to_containment(watch, 1), time_to_containment(watch, 2)
    if once is not None:
        screen.say(f"Finding published to every action observed: {once:.2f} s.", indent=2)
    if once is not None and twice is not None and twice > once:
        screen.say(f"Sessions are revoked once more, a while after the profile was swapped: {twice:.2f} s.", indent=2)


def evidence(watch) -> None:
    screen.heading("Evidence in the vault")
    files = collections.Counter(file["folder"] for file in watch.records.of_incident(watch.incident, "FILE"))
    for key, record in watch.records.under(f"INCIDENT#{watch.incident}", "EVIDENCE#").items():
        folder, item = key.removeprefix("EVIDENCE#"), record["item"]
        screen.say(f"{item['source']} of {item['kind'] or 'account'}: {files[folder]} files in {folder}", indent=2)
        if record["progress"]["state"] == "done":
            screen.say(f"sha256 {record['progress']['sums']} of the list of them", indent=4)
        for gap in record["gaps"]:
            screen.say(f"not to be had: {gap['part']}: {gap['reason']}", indent=4, hanging=6)
    place = f"s3://{watch.stack.vault}/incidents/{watch.incident}"
    screen.say(f"tocsin verify {place} --key seal-key.pem", indent=2)
    screen.say(custody.verify(watch.aws, watch.stack, watch.incident).strip(), indent=4)


def obligations(watch) -> None:
    screen.heading("Who has to be told")
    duties = watch.records.of_incident(watch.incident, "OBLIGATION")
    if not duties:
        screen.say("No rule is triggered.", indent=2)
    for duty in duties:
        obligation = duty["obligation"]
        screen.say(f"{obligation['id']}: {duty['state']}, due {obligation['due_at'] or 'after ' + str(obligation['after'])}", indent=2)
        screen.say(obligation["citation"], indent=4)


def notices(watch) -> None:
    screen.heading("Notices sent")
    mails = mail.sent(watch.aws)
    if not mails:
        screen.say("None.", indent=2)
    for message in mails:
        screen.say(f"to {', '.join(message['To'])}: {message['Subject']}", indent=2, hanging=4)


def report(watch, results: pathlib.Path) -> bool:
    """Copy the report out of the vault; answers whether there is one."""
    s3 = watch.aws.client("s3", credentials=stack.custodian(watch.aws))
    try:
        page = s3.get_object(Bucket=watch.stack.vault, Key=f"incidents/{watch.incident}/report.html")["Body"].read()
    except s3.exceptions.NoSuchKey:
        return False
    results.mkdir(parents=True, exist_ok=True)
    target = results / "report.html"
    target.write_bytes(page)
    screen.heading("Report")
    screen.say(places.shown(target), indent=2)
    return True
