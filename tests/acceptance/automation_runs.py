"""Runs the documents of actions on the local AWS the way the responder does: start, wait, read the outputs."""

import dataclasses
import json
import pathlib
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "infra"))

import render  # noqa: E402 - needs the path above

ACTIONS = {action.id: action for action in render.actions()}
INCIDENT = "inc-0123456789abcdef0123"
PIECE = 512
ENDED = {"Success", "Failed", "TimedOut", "Cancelled"}


def pieces(before: str) -> list[str]:
    """A recorded before-state as the parameter `Before` takes it: no value of a parameter may be longer."""
    return [before[start : start + PIECE] for start in range(0, len(before), PIECE)]


def steps_of(action: str, kind: str = "document") -> list[str]:
    return [step["name"] for step in ACTIONS[action].document(kind)["mainSteps"]]


@dataclasses.dataclass
class Run:
    status: str
    failure: str
    outputs: dict[str, str]
    steps: list[str]

    def output(self, name: str):
        return json.loads(self.outputs[name])

    @property
    def before(self) -> str | None:
        """The state as found, as the run recorded it."""
        return self.outputs.get("RecordBefore.Before")


class Documents:
    """Starts the documents of actions, each under the action's role."""

    def __init__(self, aws):
        self.aws = aws
        self.ssm = aws.client("ssm")

    def apply(self, target, before: str | None = None) -> Run:
        return self.run(target.action, "document", target.id, target.parameters, before)

    def reverse(self, target, before: str) -> Run:
        return self.run(target.action, "reversal", target.id, target.parameters, before)

    def preview(self, target) -> Run:
        return self.run(target.action, "preview", target.id, target.parameters)

    def run(self, action: str, kind: str, target: str, parameters: dict, before: str | None = None) -> Run:
        made = ACTIONS[action]
        taken = made.parameters(kind)
        given = {
            "AutomationAssumeRole": f"arn:aws:iam::{self.aws.account}:role/{made.role}",
            "IncidentId": INCIDENT,
            made.spec["parameter"]: target,
            **{name: value for name, value in parameters.items() if name in taken},
        }
        if before is not None:
            given["Before"] = pieces(before)
        return self.start(dict(made.kinds())[kind], given)

    def start(self, document: str, parameters: dict) -> Run:
        given = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
        started = self.ssm.start_automation_execution(DocumentName=document, Parameters=given)
        return self.wait(started["AutomationExecutionId"])

    def wait(self, identifier: str, seconds: float = 240) -> Run:
        deadline, pause = time.monotonic() + seconds, 0.02
        while time.monotonic() < deadline:
            execution = self.ssm.get_automation_execution(AutomationExecutionId=identifier)["AutomationExecution"]
            if execution["AutomationExecutionStatus"] in ENDED:
                # A failed run has no outputs of its own: those of the steps that ended well are with the steps.
                outputs = {
                    f"{step['StepName']}.{name}": values[0]
                    for step in execution["StepExecutions"]
                    if step["StepStatus"] == "Success"
                    for name, values in (step.get("Outputs") or {}).items()
                    if values
                }
                return Run(
                    status=execution["AutomationExecutionStatus"],
                    failure=execution.get("FailureMessage", ""),
                    outputs=outputs,
                    steps=[step["StepName"] for step in execution["StepExecutions"]],
                )
            # Each look takes time from the run itself.
            time.sleep(pause)
            pause = min(1.3 * pause, 0.1)
        raise TimeoutError(f"{identifier} did not end within {seconds} s: {execution.get('CurrentStepName')}")

    def break_step(self, action: str, step: str, when: str = "after", kind: str = "document") -> None:
        """The next run of the document fails at this step: `before` it did anything, or `after` it did all."""
        document = dict(ACTIONS[action].kinds())[kind]
        self.aws.control("POST", "/ssm-fault", {"document": document, "step": step, "when": when})

    def break_call(self, service: str, operation: str, code: str, times: int = 1) -> None:
        self.aws.control("POST", "/api-fault", {"service": service, "operation": operation, "code": code, "times": times})

    def calls(self, action: str) -> list[dict]:
        """Every call that the action's role was seen making, the oldest first."""
        return self.aws.calls("automation", ACTIONS[action].role)

    def mend(self) -> None:
        self.aws.control("DELETE", "/ssm-fault")
        self.aws.control("DELETE", "/api-fault")
