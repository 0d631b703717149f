"""Runs Automation documents on the local AWS the way the responder does: start, wait, read the outputs."""

import dataclasses
import json
import time

INCIDENT = "inc-0123456789abcdef0123"
PIECE = 512
ENDED = {"Success", "Failed", "TimedOut", "Cancelled"}


def pieces(before: str) -> list[str]:
    """A recorded before-state as the parameter `Before` takes it: no value of a parameter may be longer."""
    return [before[start : start + PIECE] for start in range(0, len(before), PIECE)]


@dataclasses.dataclass
class Run:
    status: str
    failure: str
    outputs: dict[str, str]
    steps: list[str]

    def output(self, name: str):
        return json.loads(self.outputs[name])


class Documents:
    """Starts documents under the role of their action."""

    def __init__(self, aws):
        self.aws = aws
        self.ssm = aws.client("ssm")

    def run(self, document: str, parameters: dict, before: str | None = None) -> Run:
        role = document.replace("Tocsin-Reverse", "Tocsin-")
        given = {
            "AutomationAssumeRole": [f"arn:aws:iam::{self.aws.account}:role/{role}"],
            "IncidentId": [INCIDENT],
            **{name: value if isinstance(value, list) else [value] for name, value in parameters.items()},
        }
        if before is not None:
            given["Before"] = pieces(before)
        started = self.ssm.start_automation_execution(DocumentName=document, Parameters=given)
        return self.wait(started["AutomationExecutionId"])

    def wait(self, identifier: str, seconds: float = 60) -> Run:
        deadline = time.monotonic() + seconds
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
            time.sleep(0.02)
        raise TimeoutError(f"{identifier} did not end within {seconds} s")

    def break_step(self, document: str, step: str, when: str) -> None:
        """The next run of the document fails at this step: `before` it did anything, or `after` it did all."""
        self.aws.control("POST", "/ssm-fault", {"document": document, "step": step, "when": when})

    def break_call(self, service: str, operation: str, code: str, times: int = 1) -> None:
        self.aws.control("POST", "/api-fault", {"service": service, "operation": operation, "code": code, "times": times})

    def mend(self) -> None:
        self.aws.control("DELETE", "/ssm-fault")
        self.aws.control("DELETE", "/api-fault")
