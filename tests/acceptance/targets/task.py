"""An ECS task, of a service or alone."""

from targets import Target, unique, without

DIMENSION = "ecs:service:DesiredCount"
# What the scheduler counts and tells, which has its own pace.
PASSING = ("deployments", "events", "runningCount", "pendingCount", "taskSets")


class Task(Target):
    """A task of the checkout, with what its service and its scaling are set to."""

    action = "stop-task"
    kinds = {
        "scaled service": {"desired": 2, "scaled": True},
        "service": {"desired": 1},
        "alone": {},
        "stopped before": {"stopped": True},
    }
    # A stopped task can't come back: its service starts others.
    lost = ("task",)

    def __init__(self, aws, desired=0, scaled=False, stopped=False):
        self.ecs, self.scaling = aws.client("ecs"), aws.client("application-autoscaling")
        self.cluster, self.service = unique("shop"), unique("checkout") if desired else None
        self.ecs.create_cluster(clusterName=self.cluster)
        family = unique("checkout")
        container = {"name": "checkout", "image": "checkout:4", "memory": 128}
        self.ecs.register_task_definition(family=family, containerDefinitions=[container])
        if self.service:
            self.ecs.create_service(
                cluster=self.cluster, serviceName=self.service, taskDefinition=family, desiredCount=desired, launchType="EC2"
            )
            arn = self.ecs.list_tasks(cluster=self.cluster, serviceName=self.service)["taskArns"][0]
        else:
            started = self.ecs.run_task(cluster=self.cluster, taskDefinition=family, startedBy="nightly-report")
            arn = started["tasks"][0]["taskArn"]
        if scaled:
            self.scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{self.cluster}/{self.service}",
                ScalableDimension=DIMENSION,
                MinCapacity=2,
                MaxCapacity=6,
                SuspendedState={"ScheduledScalingSuspended": True},
            )
        self.task = arn.rsplit("/", 1)[1]
        self.id = f"{self.cluster}/{self.task}"
        if stopped:
            self.ecs.stop_task(cluster=self.cluster, task=self.task, reason="it had done its work")

    def everything(self) -> dict:
        task = self.ecs.describe_tasks(cluster=self.cluster, tasks=[self.task])["tasks"][0]
        if not self.service:
            return {"task": task, "service": None, "scaling": []}
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.service])["services"][0]
        targets = self.scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[f"service/{self.cluster}/{self.service}"]
        )["ScalableTargets"]
        return {"task": task, "service": without(found, *PASSING), "scaling": targets}

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        task = now["task"]
        assert (task["lastStatus"], task["taskDefinitionArn"]) == ("STOPPED", found["task"]["taskDefinitionArn"])
        if found["task"]["lastStatus"] == "STOPPED":
            assert now == found
        service = None
        if self.service:
            assert now["service"]["desiredCount"] == 0
            assert without(now["service"], "desiredCount") == without(found["service"], "desiredCount")
            assert (
                self.ecs.list_tasks(cluster=self.cluster, serviceName=self.service, desiredStatus="RUNNING")["taskArns"] == []
            )
            assert [without(one, "SuspendedState") for one in now["scaling"]] == [
                without(one, "SuspendedState") for one in found["scaling"]
            ]
            switches = [one["SuspendedState"] for one in now["scaling"]]
            assert all(all(one.values()) and len(one) == 3 for one in switches)
            service = {"name": self.service, "strategy": "REPLICA", "desired": 0, "scaling": switches[0] if switches else None}
        assert observation == {
            "target": self.id,
            "task": {"status": "STOPPED", "definition": task["taskDefinitionArn"], "group": task["group"]},
            "service": service,
        }
