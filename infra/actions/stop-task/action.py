import boto3
import time

DIMENSION = "ecs:service:DesiredCount"
SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
# A step may run for 300 s here; ECS kills containers 120 s after it asked them to stop, at the latest.
LONGEST_WAIT = 280


def observe(run):
    ecs = boto3.client("ecs")
    cluster, before = run["target"].split("/")[0], run["before"]
    task = read_task(run)
    found = {
        "status": task["lastStatus"] if task else "STOPPED",
        "definition": task["taskDefinitionArn"] if task else before["task"]["definition"],
        "group": task.get("group", "") if task else before["task"]["group"],
    }
    # The service of a task that had stopped by itself is left alone.
    concerned = before["service"] if before else found["status"] != "STOPPED" and found["group"].startswith("service:")
    if not concerned:
        return {"task": found, "service": None}
    name = found["group"].removeprefix("service:")
    service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    scaling = read_scaling(cluster, name)
    return {
        "task": found,
        "service": {
            "name": name,
            "strategy": service.get("schedulingStrategy", "REPLICA"),
            "desired": service["desiredCount"],
            "scaling": scaling,
        },
    }


def read_task(run):
    """The task, or None for one that ECS has forgotten, as it does an hour after the stop."""
    cluster, task = run["target"].split("/")
    found = boto3.client("ecs").describe_tasks(cluster=cluster, tasks=[task])["tasks"]
    if not found and run["before"] is None:
        raise ValueError(f"ECS does not know the task {task}: it never ran, or stopped more than an hour ago")
    return found[0] if found else None


def resource_of(cluster, service):
    return f"service/{cluster}/{service}"


def read_scaling(cluster, service):
    """What is suspended, or None for a service that is not scaled."""
    scaling = boto3.client("application-autoscaling")
    found = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource_of(cluster, service)], ScalableDimension=DIMENSION
    )["ScalableTargets"]
    if not found:
        return None
    suspended = found[0].get("SuspendedState") or {}
    return {switch: bool(suspended.get(switch)) for switch in SWITCHES}


def refuse(run, before):
    if before["service"] and before["service"]["strategy"] == "DAEMON":
        raise ValueError(
            "the service runs one task on every instance and can't be emptied: isolate the instance of the task instead"
        )


def suspend(run, switches):
    scaling = boto3.client("application-autoscaling")
    # Leaving out the capacities keeps them as they are.
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=resource_of(run["target"].split("/")[0], run["before"]["service"]["name"]),
        ScalableDimension=DIMENSION,
        SuspendedState=switches,
    )


def is_scaled(before):
    return bool(before["service"] and before["service"]["scaling"])


def suspend_scaling(run):
    if is_scaled(run["before"]):
        suspend(run, dict.fromkeys(SWITCHES, True))


def set_desired(run, count):
    ecs = boto3.client("ecs")
    ecs.update_service(cluster=run["target"].split("/")[0], service=run["before"]["service"]["name"], desiredCount=count)


def empty_service(run):
    if run["before"]["service"]:
        set_desired(run, 0)


def stop_task(run):
    if run["before"]["task"]["status"] == "STOPPED":
        return
    ecs = boto3.client("ecs")
    cluster, task = run["target"].split("/")
    # To stop a stopped task changes nothing. One that ECS has forgotten was stopped before.
    if read_task(run):
        ecs.stop_task(cluster=cluster, task=task, reason=f"Tocsin {run['incident']}")


def await_stopped(run):
    deadline, pause = time.monotonic() + LONGEST_WAIT, 0.5
    while True:
        task = read_task(run)
        if task is None or task["lastStatus"] == "STOPPED":
            return
        if time.monotonic() + pause > deadline:
            raise RuntimeError(f"the task is {task['lastStatus']}, not stopped")
        time.sleep(pause)
        pause = min(2 * pause, 10)


def restore_service(run):
    if run["before"]["service"]:
        set_desired(run, run["before"]["service"]["desired"])


def resume_scaling(run):
    if is_scaled(run["before"]):
        suspend(run, run["before"]["service"]["scaling"])


def restored(run, state):
    # The task does not come back.
    return state["service"] == run["before"]["service"]


def calls(run, state):
    found = []
    if is_scaled(state):
        on = resource_of(run["target"].split("/")[0], state["service"]["name"])
        change = "suspends all scaling"
        found.append({"call": "application-autoscaling:RegisterScalableTarget", "on": on, "change": change})
    if state["service"]:
        change = f"desired count 0, was {state['service']['desired']}"
        found.append({"call": "ecs:UpdateService", "on": state["service"]["name"], "change": change})
    if state["task"]["status"] != "STOPPED":
        found.append({"call": "ecs:StopTask", "on": run["target"], "change": f"{state['task']['status']} becomes STOPPED"})
    return found


def impact(run, state):
    if not state["service"]:
        starter = read_task(run).get("startedBy")
        return [f"it was started by {starter}, which may start another"] if starter else []
    ecs = boto3.client("ecs")
    cluster, name = run["target"].split("/")[0], state["service"]["name"]
    service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    groups = [one["targetGroupArn"] for one in service.get("loadBalancers", []) if one.get("targetGroupArn")]
    return [
        f"all {state['service']['desired']} tasks of the service {name} stop, and the memory of each is lost",
        *(f"the target group {arn} has none of its tasks left" for arn in groups),
    ]
