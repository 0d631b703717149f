"""Twenty thousand findings at once, with attacks among them: each attack is one incident, contained once, and nothing is lost.

Meanwhile functions are killed amid their batches and the table refuses calls. It has a local AWS of its own, so that the counts are
its own too.
"""

import collections
import concurrent.futures
import contextlib
import json
import os
import signal
import threading
import time

import pytest
from conftest import REPOSITORY
from demo import account, mail, organisation, places, stack
from demo.records import Records
from local_aws import LocalAws
from storm import UNREADABLE, make_resources, storm
from test_broken_containment import Killer

RECEIVE = "tocsin-receive-finding"
# What the table may be asked for by intake, whichever way it goes about it.
TABLE_CALLS = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
KILLS = 6
REFUSALS = 12
REPEATS = 400
WORKERS = 4


@pytest.fixture(scope="module")
def weathered():
    """The storm, sent and taken in; every response has contained what it can."""
    assert not places.missing(), f"run `make build` first: {places.missing()[0]} is missing"
    with LocalAws(REPOSITORY / "target" / "local-aws" / "storm") as aws:
        tocsin = stack.deploy(aws)
        sent = storm(aws.account, aws.region)
        make_resources(aws, sent.attacks)
        buckets = [bucket for attack in sent.attacks for bucket in (attack.bucket, attack.later_bucket)]
        organisation.put(aws, tocsin.settings, organisation.settings(buckets))
        yield Weathered(aws, tocsin, sent)


class Weathered:
    def __init__(self, aws, tocsin, sent):
        self.aws, self.tocsin, self.sent = aws, tocsin, sent
        self.records = Records(aws, tocsin.table)
        self.most_workers = 0
        self.missing = {step for attack in sent.attacks for step in attack.contained()}
        assassin = Assassin(self)
        assassin.start()
        for operation in TABLE_CALLS:
            aws.fail_call("dynamodb", operation, "InternalServerError", 500, times=REFUSALS, principal=RECEIVE)
        self.send(sent.messages)
        aws.wait_until(lambda: self.waiting() == 0, seconds=1200, every=0.5, what="the end of the queue")
        assassin.is_over = True
        assassin.join()
        aws.clear_faults()
        self.killed = KILLS - assassin.left
        aws.wait_until(self.are_contained, seconds=900, every=1.0, what="the containment of every attack")
        self.calls = aws.calls("function", RECEIVE)
        self.incidents, self.findings = self.recorded()

    def send(self, messages: list[str]) -> None:
        sqs = self.aws.client("sqs")

        def batch(start: int) -> None:
            entries = [{"Id": str(number), "MessageBody": text} for number, text in enumerate(messages[start : start + 10])]
            assert len(sqs.send_message_batch(QueueUrl=self.tocsin.queue, Entries=entries)["Successful"]) == len(entries)

        with concurrent.futures.ThreadPoolExecutor(4) as senders:
            list(senders.map(batch, range(0, len(messages), 10)))

    def waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.aws.client("sqs").get_queue_attributes(QueueUrl=self.tocsin.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def are_contained(self) -> bool:
        """Whether the account shows every action, and no state machine is still containing."""
        self.missing = {step for step in self.missing if not self.shows(*step)}
        return not self.missing and not self.executions("containment", "RUNNING")

    def shows(self, action: str, target: str) -> bool:
        state = account.of_step(self.aws, action, target)
        if action == "lock-bucket":
            block = state.get("public_access_block")
            return bool(block) and all(block.values())
        return account.REVOCATION in state.get("policies", {})

    def executions(self, machine: str, status: str | None = None) -> list[str]:
        pages = self.aws.client("stepfunctions").get_paginator("list_executions")
        wanted = {"statusFilter": status} if status else {}
        found = pages.paginate(stateMachineArn=self.tocsin.machine(machine), **wanted)
        return [execution["name"] for page in found for execution in page["executions"]]

    def recorded(self) -> tuple[dict[str, dict], dict[str, str | None]]:
        """Incidents by id, and the incident of each finding: where two turned out to be one, that one."""
        incidents, findings = {}, {}
        for (partition, sort), item in self.records.everything().items():
            record = item["record"]
            if partition.startswith("INCIDENT#") and sort == "INCIDENT":
                incidents[record["id"]] = record
            elif partition.startswith("FINDING#") and "finding" in record:
                findings[record["finding"]["id"].rsplit("/", 1)[-1]] = record["incident"]

        def elder(incident: str | None) -> str | None:
            absorbed_by = incidents[incident]["absorbed_by"] if incident else None
            return elder(absorbed_by) if absorbed_by else incident

        return incidents, {finding: elder(incident) for finding, incident in findings.items()}

    def writes(self) -> int:
        calls = self.aws.calls("function", RECEIVE)
        return sum(call["service"] == "dynamodb" and call["operation"] in WRITES for call in calls)


class Assassin(threading.Thread):
    """Kills one process of the intake now and then while the storm goes on, and sees how many are at work."""

    def __init__(self, weathered):
        super().__init__(daemon=True)
        self.weathered, self.left, self.is_over = weathered, KILLS, False
        self.looking = Killer(weathered.aws, [])

    def run(self) -> None:
        while not self.is_over:
            time.sleep(3)
            at_work = [process for process, name in self.looking.processes() if name == RECEIVE]
            self.weathered.most_workers = max(self.weathered.most_workers, len(at_work))
            if at_work and self.left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(at_work[self.left % len(at_work)], signal.SIGKILL)
                    self.left -= 1


def test_every_attack_is_one_incident(weathered):
    whole = {name for name, incident in weathered.incidents.items() if not incident["absorbed_by"]}
    assert len(whole) == len(weathered.sent.attacks)
    of_attack = [{weathered.findings[finding] for finding in attack.findings} for attack in weathered.sent.attacks]
    assert all(len(incidents) == 1 and None not in incidents for incidents in of_attack)
    assert set.union(*of_attack) == whole


def test_no_finding_is_lost_and_noise_opens_nothing(weathered):
    attacked = {finding for attack in weathered.sent.attacks for finding in attack.findings}
    assert set(weathered.findings) == attacked | weathered.sent.noise
    assert {weathered.findings[finding] for finding in weathered.sent.noise} == {None}


def test_each_attack_is_contained_once_and_nothing_else(weathered):
    """Every action of an attack, no other, and each document ran once for each recorded pass."""
    passes = collections.Counter()
    for incident in weathered.incidents:
        for record in weathered.records.of_incident(incident, "ACTION"):
            assert record["state"] == "contained", record
            passes[record["action"], record["target"], record["pass"]] += 1
    wanted = {step for attack in weathered.sent.attacks for step in attack.contained()}
    assert {(action, target) for action, target, _ in passes} == wanted
    assert set(passes.values()) == {1}
    pages = weathered.aws.client("ssm").get_paginator("describe_automation_executions").paginate()
    ran = [run for page in pages for run in page["AutomationExecutionMetadataList"]]
    names = ("Tocsin-LockBucket", "Tocsin-RevokeRoleSessions", "Tocsin-IsolateInstance")
    assert sum(run["DocumentName"] in names for run in ran) == len(passes)
    assert not [run["DocumentName"] for run in ran if run["DocumentName"].startswith("Tocsin-Reverse")]


def test_only_the_unreadable_message_is_a_dead_letter(weathered):
    letters = mail.waiting_in(weathered.aws, weathered.tocsin.dead_letters)
    # At least once: the function may have been killed between keeping the letter and saying so.
    assert {letter["Body"] for letter in letters} == {UNREADABLE}
    assert {letter["code"] for letter in mail.letters(weathered.aws, weathered.tocsin.dead_letters)} == {"invalid-json"}
    assert weathered.waiting() == 0


def test_functions_were_killed_and_the_table_refused_amid_batches(weathered):
    """What the other tests hold did not come of fair weather."""
    assert weathered.killed == KILLS
    log = (weathered.aws.run_dir / "gateway.log").read_text(errors="replace")
    assert log.count(f"Lambda {RECEIVE} failed processing SQS batch") >= KILLS // 2
    assert sum(call["status"] == 500 for call in weathered.calls) >= REFUSALS
    assert weathered.most_workers >= WORKERS


def test_a_duplicate_costs_at_most_two_writes(weathered):
    """Counted after the storm, when nothing else writes: findings of attacks and noise, each as it came before."""
    before = weathered.writes()
    repeated = [text for text in dict.fromkeys(weathered.sent.messages) if text != UNREADABLE][:REPEATS]
    weathered.send(repeated)
    weathered.aws.wait_until(lambda: weathered.waiting() == 0, seconds=60, every=0.2, what="the end of the queue")
    assert weathered.writes() - before <= 2 * len(repeated)
    assert weathered.recorded() == (weathered.incidents, weathered.findings)
    assert len(weathered.executions("incident-response")) == len(set(weathered.executions("incident-response")))


def test_the_storm_itself_wrote_little_for_each_message(weathered):
    """Each message that was first of its kind may cost more; all the others are duplicates."""
    new = len({json.dumps(json.loads(text)["detail"], sort_keys=True) for text in weathered.sent.messages if text != UNREADABLE})
    assert weathered.writes() <= 2 * len(weathered.sent.messages) + 8 * new
