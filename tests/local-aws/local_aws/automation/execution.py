"""One run of a document: its steps in order, what they left, and how it ended."""

import dataclasses
import datetime
import logging
import threading
import time
import uuid

from local_aws.automation import branches, faults, steps
from local_aws.automation.documents import Document
from local_aws.automation.errors import Cancelled, StepFailed, StepTimedOut
from local_aws.automation.expressions import as_output, check_type, resolve, select
from local_aws.principals import Credentials

log = logging.getLogger("local_aws.automation")

ACTIONS = {
    "aws:executeAwsApi": steps.execute_aws_api,
    "aws:waitForAwsResourceProperty": steps.wait_for_property,
    "aws:assertAwsResourceProperty": steps.assert_property,
    "aws:branch": branches.branch,
    "aws:executeScript": steps.execute_script,
    "aws:sleep": steps.sleep,
}
NOT_AVAILABLE = "No output available yet because the step is not successfully executed"


def now() -> float:
    return datetime.datetime.now(datetime.UTC).timestamp()


@dataclasses.dataclass
class StepRecord:
    name: str
    action: str
    settings: dict
    status: str = "Pending"
    started: float | None = None
    ended: float | None = None
    inputs: dict = dataclasses.field(default_factory=dict)
    outputs: dict = dataclasses.field(default_factory=dict)
    failure: str = ""
    identifier: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))

    def describe(self) -> dict:
        described = {
            "StepName": self.name,
            "Action": self.action,
            "StepStatus": self.status,
            "StepExecutionId": self.identifier,
            "OnFailure": self.settings.get("onFailure", "Abort"),
            "MaxAttempts": int(self.settings.get("maxAttempts", 1)),
            "IsEnd": bool(self.settings.get("isEnd", False)),
            "IsCritical": is_critical(self.settings),
            "Inputs": {name: as_output(value)[0] for name, value in self.inputs.items()},
            "Outputs": {name: as_output(value) for name, value in self.outputs.items()},
        }
        optional = {"ExecutionStartTime": self.started, "ExecutionEndTime": self.ended, "FailureMessage": self.failure}
        optional |= {"NextStep": self.settings.get("nextStep"), "TimeoutSeconds": self.settings.get("timeoutSeconds")}
        return described | {name: value for name, value in optional.items() if value}


def is_critical(settings: dict) -> bool:
    """A step whose failure makes the automation fail; not so, unless it says so, where the document goes on after a failure."""
    value = settings.get("isCritical", settings.get("onFailure", "Abort") != "Continue")
    return value if isinstance(value, bool) else str(value).lower() == "true"


@dataclasses.dataclass
class Execution:
    document: Document
    parameters: dict
    credentials: Credentials
    endpoint: str
    known: dict
    executed_by: str
    identifier: str
    given: dict = dataclasses.field(default_factory=dict)
    role: str = ""
    status: str = "Pending"
    failure: str = ""
    started: float = dataclasses.field(default_factory=now)
    ended: float | None = None
    records: list[StepRecord] = dataclasses.field(default_factory=list)
    stopped: threading.Event = dataclasses.field(default_factory=threading.Event)
    on_change: object = None

    def run(self) -> None:
        self._become("InProgress")
        try:
            status = self._run_steps()
        except Cancelled:
            status = "Cancelled"
        except faults.Killed:
            status, self.failure = "Failed", "the automation was ended by a fault that a test ordered"
        except Exception as error:
            log.exception("automation %s", self.identifier)
            status, self.failure = "Failed", f"the local AWS failed: {type(error).__name__}: {error}"
        self.ended = now()
        self._become(status)

    def _become(self, status: str) -> None:
        self.status = status
        if self.on_change:
            self.on_change(self)

    def _run_steps(self) -> str:
        by_name = {step["name"]: index for index, step in enumerate(self.document.steps)}
        index, outcome = 0, "Success"
        while index < len(self.document.steps):
            step = self.document.steps[index]
            record = StepRecord(step["name"], step["action"], step)
            self.records.append(record)
            done = self._run_step(step, record)
            if record.status in ("Failed", "TimedOut"):
                on_failure = step.get("onFailure", "Abort")
                if is_critical(step) or on_failure == "Abort":
                    outcome = record.status
                    self.failure = self.failure or f"Step `{record.name}` failed: {record.failure}"
                if on_failure == "Abort":
                    return outcome
                if on_failure.startswith("step:"):
                    index = by_name[on_failure[5:]]
                    continue
            elif done.next_step:
                index = by_name[done.next_step]
                continue
            elif done.ends:
                if not step.get("isEnd"):
                    record.status, record.failure = "Failed", "no choice holds and there is no `Default`"
                    self.failure = f"Step `{record.name}` failed: {record.failure}"
                    return "Failed"
                return outcome
            if step.get("isEnd"):
                return outcome
            index = by_name[step["nextStep"]] if step.get("nextStep") else index + 1
        return outcome

    def _run_step(self, step: dict, record: StepRecord) -> steps.Done:
        record.status, record.started = "InProgress", now()
        attempts = int(step.get("maxAttempts", 1))
        done = steps.Done()
        try:
            for attempt in range(1, attempts + 1):
                if self.stopped.is_set():
                    raise Cancelled
                try:
                    done = self._attempt(step, record)
                    record.status, record.failure = "Success", ""
                    break
                except StepTimedOut as error:
                    record.status, record.failure = "TimedOut", str(error)
                except StepFailed as error:
                    record.status, record.failure = "Failed", str(error)
                if attempt < attempts:
                    log.info("automation step %s failed, attempt %d of %d: %s", record.name, attempt, attempts, record.failure)
        except Cancelled:
            record.status = "Cancelled"
            raise
        except BaseException as error:
            record.status, record.failure = "Failed", record.failure or str(error)
            raise
        finally:
            record.ended = now()
        return done

    def _attempt(self, step: dict, record: StepRecord) -> steps.Done:
        self._meet_fault(record, "before")
        default = steps.SCRIPT_SECONDS if step["action"] == "aws:executeScript" else steps.STEP_SECONDS
        seconds = float(resolve(step.get("timeoutSeconds", default), self.known))
        inputs = resolve(step.get("inputs") or {}, self.known)
        record.inputs = {name: value for name, value in inputs.items() if name != "Script"}
        run = steps.Run(self.credentials, self.endpoint, self.known, time.monotonic() + seconds, self.stopped)
        done = ACTIONS[step["action"]](inputs, run)
        if run.remaining() <= 0:
            raise StepTimedOut(f"the step ran longer than {seconds:g} seconds")
        outputs = dict(done.outputs)
        for output in step.get("outputs") or []:
            value = select(output["Selector"], done.answer)
            if value is not None:
                outputs[output["Name"]] = check_type(value, output.get("Type", "String"), f"the output `{output['Name']}`")
        record.outputs = outputs
        self.known.update({f"{record.name}.{name}": value for name, value in outputs.items()})
        self._meet_fault(record, "after")
        return done

    def _meet_fault(self, record: StepRecord, when: str) -> None:
        fault = faults.take(self.document.name, record.name, when)
        if fault is None:
            return
        if fault.mode == "kill":
            raise faults.Killed(f"ended {when} `{record.name}` by a fault that a test ordered")
        raise StepFailed(f"failed {when} its work by a fault that a test ordered")

    def outputs(self) -> dict:
        """The document's outputs; AWS puts a sentence in the place of one that no step has given."""
        return {name: as_output(self.known.get(name, NOT_AVAILABLE)) for name in self.document.content.get("outputs") or []}

    def describe(self) -> dict:
        described = {
            "AutomationExecutionId": self.identifier,
            "DocumentName": self.document.name,
            "DocumentVersion": str(self.document.version),
            "AutomationExecutionStatus": self.status,
            "ExecutionStartTime": self.started,
            "StepExecutions": [record.describe() for record in list(self.records)],
            "StepExecutionsTruncated": False,
            "Parameters": {name: as_output(value) for name, value in self.parameters.items()},
            "Outputs": self.outputs(),
            "Mode": "Auto",
            "ExecutedBy": self.executed_by,
        }
        running = [record for record in list(self.records) if record.status == "InProgress"]
        optional = {"ExecutionEndTime": self.ended, "FailureMessage": self.failure, "AssumeRole": self.role}
        if running:
            optional |= {"CurrentStepName": running[0].name, "CurrentAction": running[0].action}
        return described | {name: value for name, value in optional.items() if value}

    def summary(self) -> dict:
        kept = ("AutomationExecutionId", "DocumentName", "DocumentVersion", "AutomationExecutionStatus", "ExecutionStartTime")
        kept += ("ExecutionEndTime", "ExecutedBy", "Outputs", "Mode", "FailureMessage", "AssumeRole")
        described = self.describe()
        return {name: described[name] for name in kept if name in described} | {"AutomationType": "Local"}
