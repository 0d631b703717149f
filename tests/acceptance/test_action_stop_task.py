"""What `stop-task` refuses before it changes anything, and what it leaves alone."""

from automation_runs import INCIDENT
from targets import unique
from targets.task import Task


def test_task_of_a_daemon_service_is_refused(actions_aws, documents):
    """ECS keeps one task on every instance: the count of such a service can't be set."""
    target = Task(actions_aws)
    service = unique("agent")
    family = target.everything()["task"]["taskDefinitionArn"]
    target.ecs.create_service(
        cluster=target.cluster, serviceName=service, taskDefinition=family, schedulingStrategy="DAEMON", desiredCount=0
    )
    started = target.ecs.run_task(cluster=target.cluster, taskDefinition=family, group=f"service:{service}")["tasks"][0]
    target.task = started["taskArn"].rsplit("/", 1)[1]
    target.id = f"{target.cluster}/{target.task}"
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "isolate the instance of the task instead" in run.failure
    assert target.everything()["task"]["lastStatus"] == "RUNNING"


def test_task_that_ecs_does_not_know_is_refused(actions_aws, documents):
    target = Task(actions_aws)
    target.id = f"{target.cluster}/{'0' * 32}"
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "ECS does not know the task" in run.failure


def test_service_comes_back_also_after_ecs_forgot_the_task(actions_aws, documents):
    """It does so an hour after the stop, and a reversal comes later than that."""
    target = Task(actions_aws, desired=2)
    found = target.everything()
    run = documents.apply(target)
    forgotten = run.before.replace(target.task, "f" * 32)
    target.id = target.id.replace(target.task, "f" * 32)
    again = documents.reverse(target, forgotten)
    assert again.status == "Success", again.failure
    assert target.everything()["service"] == found["service"]
    assert again.output("ObserveReversal.Observation")["task"]["status"] == "STOPPED"


def test_stopped_task_says_why(actions_aws, documents):
    target = Task(actions_aws)
    documents.apply(target)
    assert target.everything()["task"]["stoppedReason"] == f"Tocsin {INCIDENT}"
