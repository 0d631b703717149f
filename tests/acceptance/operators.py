"""People who contain by hand, as `tocsin contain` lets them."""

import json

from approvers import Approver
from demo import command, stack


class Operator:
    """Somebody who contains by hand."""

    def __init__(self, aws, deployed: stack.Stack, name: str):
        self.aws, self.url, self.key = aws, deployed.order_url, stack.admit_operator(aws, name)
        self.arn = f"arn:aws:iam::{aws.account}:user/{name}"
        self.raw = Approver(aws, deployed.order_url, name, self.key)

    def contain(self, *arguments: str, codes: tuple = (0,)) -> dict:
        """The JSON that the command prints; it must end with one of these codes."""
        environment = command.environment(self.aws, self.key)
        said = command.run("contain", *arguments, "--url", self.url, "--json", environment=environment, codes=codes)
        return json.loads(said) if said.strip() else {}

    def step(self, incident: str, bucket: str) -> dict:
        steps = self.contain("status", incident)["steps"]
        return next(step for step in steps if (step["action"], step["target"], step["pass"]) == ("lock-bucket", bucket, 1))


def executions(aws, tocsin, machine: str, incident: str) -> dict[str, str]:
    """The ends of the executions of this machine about this incident, by name."""
    arn = tocsin.machine(machine)
    found = aws.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    return {one["name"]: one["status"] for one in found if one["name"].startswith(incident)}


def ended(aws, tocsin, incident: str, count: int) -> list[str]:
    """How the reversals of this incident ended, once there are so many and none runs."""

    def are_over() -> list[str] | None:
        states = list(executions(aws, tocsin, "containment-reversal", incident).values())
        return states if len(states) == count and "RUNNING" not in states else None

    return aws.wait_until(are_over, seconds=60, what=f"{count} reversals")
