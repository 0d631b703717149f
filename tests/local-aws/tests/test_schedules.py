"""One-time schedules fire once, soon after their time, and are gone then; what AWS refuses is refused."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError

GROUP = "reminders"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def target(aws):
    """A queue that schedules send to."""
    sqs, iam, scheduler = aws.client("sqs"), aws.client("iam"), aws.client("scheduler")
    url = sqs.create_queue(QueueName="reminded")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    roles = {
        service: iam.create_role(RoleName=f"for-{service}", AssumeRolePolicyDocument=trust(f"{service}.amazonaws.com"))["Role"]["Arn"]
        for service in ("scheduler", "lambda")
    }
    scheduler.create_schedule_group(Name=GROUP)

    def schedule(name: str, seconds: int, role: str = "scheduler") -> None:
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        scheduler.create_schedule(
            Name=name,
            GroupName=GROUP,
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={"Arn": arn, "RoleArn": roles[role], "Input": json.dumps({"name": name})},
        )

    yield schedule, lambda: [json.loads(m["Body"])["name"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]
    scheduler.delete_schedule_group(Name=GROUP)


def test_a_schedule_fires_once_and_one_that_was_taken_back_never(aws, target):
    schedule, received = target
    schedule("soon", 2)
    schedule("taken-back", 2)
    with pytest.raises(ClientError, match="ConflictException"):
        schedule("soon", 3)
    aws.client("scheduler").delete_schedule(Name="taken-back", GroupName=GROUP)
    assert aws.wait_until(received, seconds=15, what="the message") == ["soon"]
    assert aws.client("scheduler").list_schedules(GroupName=GROUP)["Schedules"] == []
    assert received() == []


@pytest.mark.parametrize(("seconds", "role"), [(-5, "scheduler"), (60, "lambda")])
def test_a_time_that_has_passed_and_a_role_of_others_are_refused(target, seconds, role):
    with pytest.raises(ClientError, match="ValidationException"):
        target[0]("refused", seconds, role)
