"""EventBridge Scheduler where ministack's differs from AWS: when schedules fire, and what CreateSchedule refuses."""

import time

from ministack.services import scheduler

from local_aws import plug

# AWS fires within a minute of a schedule's time; tests do not wait that long.
SECONDS = 0.5

plug.take(scheduler, "_SCHEDULE_TICK_INTERVAL")
scheduler._SCHEDULE_TICK_INTERVAL = SECONDS
at_time = plug.take(scheduler, "_at_time_epoch", "expr")
refuse = plug.take(scheduler, "_error", "status", "code", "message")


@plug.replaces(scheduler, "_create_schedule", "name", "body")
def create(original, name, body):
    """A one-time schedule whose time has passed is refused; the target's role has to be one that the service may assume."""
    at = at_time(body.get("ScheduleExpression", ""))
    if at is not None and at <= time.time():
        return refuse(400, "ValidationException", "Invalid Schedule Expression: the time has passed.")
    if fault := role_fault(body.get("Target", {}).get("RoleArn", "")):
        return refuse(400, "ValidationException", fault)
    return original(name, body)


def role_fault(arn: str) -> str | None:
    from local_aws.principals import roles

    role = roles.get(arn.rsplit("/", 1)[-1])
    trusted = role and "scheduler.amazonaws.com" in str(role.get("AssumeRolePolicyDocument", ""))
    return None if trusted else "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
