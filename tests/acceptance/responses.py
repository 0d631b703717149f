"""One response under test: the shop that was attacked, the finding about it, and what Tocsin made of both."""

import datetime
import hashlib
import json
import re

from demo import account, command, custody, mail, shop
from demo.records import Records
from demo.stack import Stack, custodian
from demo.watch import Watch


class Response:
    """`place` is the account and region of the shop, where it is not Tocsin's own: `aws.at(…)`."""

    def __init__(self, aws, stack: Stack, operator: str, attacked: shop.Shop, number: int, place=None):
        self.aws, self.stack, self.operator, self.shop = aws, stack, operator, attacked
        self.place = place or aws
        self.records = Records(aws, stack.table)
        now = datetime.datetime.now(datetime.UTC)
        shop.leave_traces(self.place, attacked, now)
        self.finding = shop.stolen_credentials(self.place, attacked, now, number)
        self.follow(json.dumps(self.finding))
        self.before = self.account()
        self.mails_before = len(mail.sent(aws))

    def follow(self, finding: str) -> None:
        """From now on, the incident that this finding opens."""
        read = command.replay(finding)[0]
        self.finding_id, self.plan = read["finding"]["id"], read["plan"]
        # As the core derives it: each part after its length, in eight bytes.
        is_copied = read["finding"]["source"] in ("guardduty", "macie", "access-analyzer")
        identity = self.finding_id.rsplit("finding/", 1)[-1] if is_copied else self.finding_id
        parts = [part.encode() for part in (read["finding"]["account"], identity)]
        joined = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        self.incident = f"inc-{hashlib.sha256(joined).hexdigest()[:20]}"
        self.watch = Watch(self.aws, self.stack, self.incident, datetime.datetime.now(datetime.UTC))

    def account(self) -> dict:
        """What the account shows of everything that the plan names, and of the model bucket that it does not name."""
        targets = [(step["action"], step["target"]) for step in self.plan] + [("lock-bucket", self.shop.models)]
        return {target: account.of_step(self.place, *target) for target in targets}

    def publish(self, times: int = 1) -> None:
        self.watch.published = datetime.datetime.now(datetime.UTC)
        for _ in range(times):
            self.aws.put_guardduty_finding(self.finding)

    def until_gate(self) -> list[dict]:
        """Wait until every notice under way waits for counsel, and the evidence that is preserved beside is sealed."""
        self.watch.until(self.watch.is_at_gate, quiet=True)
        self.until_preserved()
        return self.records.waiting(self.incident)

    def until_preserved(self, seconds: float = 180) -> None:
        """Wait until no preservation of evidence is under way. Notices do not wait for it."""
        self.aws.wait_until(self.watch.is_preserved, seconds=seconds, every=0.5, what="the end of preservation")

    def until_gate_or_ended(self) -> None:
        self.watch.until(self.watch.is_at_gate_or_ended, quiet=True)

    def until_ended(self) -> None:
        self.watch.until(self.watch.has_ended, quiet=True)

    def until_contained(self, seconds: float = 60) -> list[dict]:
        """Wait until containment has come to an end, whichever."""
        name = f"containment {self.incident}"
        ended = lambda: self.watch.executions("containment").get(name, "RUNNING") != "RUNNING"  # noqa: E731
        self.aws.wait_until(ended, seconds=seconds, every=0.2, what="the end of containment")
        return self.of("ACTION")

    def of(self, kind: str) -> list[dict]:
        return self.records.of_incident(self.incident, kind)

    def duty(self, obligation: str) -> dict:
        return next(duty for duty in self.of("OBLIGATION") if duty["obligation"]["id"] == obligation)

    def waiting(self, obligation: str) -> dict:
        """The review of this obligation, once it waits."""
        find = lambda: [r for r in self.records.waiting(self.incident) if r["obligation"] == obligation]  # noqa: E731
        return self.aws.wait_until(find, seconds=30, what=f"a review of {obligation}")[0]

    def draft(self, waiting: dict) -> dict:
        wanted = (waiting["obligation"], waiting["version"])
        return next(draft for draft in self.of("DRAFT") if (draft["obligation"], draft["version"]) == wanted)

    def mails(self) -> list[dict]:
        """The mails sent since this response was set up."""
        return mail.sent(self.aws)[self.mails_before :]

    def pages(self) -> list[str]:
        return [text for text in mail.pages(self.aws, self.operator) if self.incident in text]

    def tokens(self) -> dict[str, str]:
        """The task tokens that the table holds for this incident, by obligation and version."""
        rows = self.records.everything().items()
        return {pk: item["record"]["token"] for (pk, _), item in rows if pk.startswith(f"GATE#{self.incident}#")}

    def evidence_s3(self):
        """S3 as a custodian has it."""
        return self.aws.client("s3", credentials=custodian(self.aws))

    def vault(self) -> dict[str, list[str]]:
        """The versions of every object of this incident, by path."""
        pages = self.evidence_s3().get_paginator("list_object_versions")
        found: dict[str, list[str]] = {}
        for page in pages.paginate(Bucket=self.stack.vault, Prefix=f"incidents/{self.incident}/"):
            for version in page.get("Versions", []):
                path = version["Key"].removeprefix(f"incidents/{self.incident}/")
                found.setdefault(path, []).append(version["VersionId"])
        return found

    def read(self, path: str) -> bytes:
        key = f"incidents/{self.incident}/{path}"
        return self.evidence_s3().get_object(Bucket=self.stack.vault, Key=key)["Body"].read()

    def kept(self, source: str, call: str) -> list[bytes]:
        """What a call of a source answered, byte for byte, of every resource that it was asked about."""
        files = [file for file in self.of("FILE") if file["folder"].startswith(f"evidence/{source}/")]
        paths = [f"{file['folder']}/{file['name']}" for file in files if re.fullmatch(rf"{call}(-\d{{4}})+\.\w+", file["name"])]
        return [self.read(path) for path in sorted(paths)]

    def verify(self) -> str:
        """What `tocsin verify` says of the incident's files."""
        return custody.verify(self.aws, self.stack, self.incident)

    def invoke(self, function: str, payload: dict) -> tuple[str | None, dict]:
        """Call a function as its state does; the name of its error, and its answer."""
        answer = self.aws.client("lambda").invoke(FunctionName=f"tocsin-{function}", Payload=json.dumps(payload).encode())
        result = json.loads(answer["Payload"].read())
        return (result.get("errorType") if answer.get("FunctionError") else None), result
