import boto3
import time

# A notebook that failed has no instance any more.
ENDED = ("Stopped", "Failed")
SETTLED = ("InService", *ENDED)
# A step may run for 600 s.
LONGEST_WAIT = 570


def observe(run):
    status = boto3.client("sagemaker").describe_notebook_instance(NotebookInstanceName=run["target"])["NotebookInstanceStatus"]
    return {"status": status, "running": status not in ENDED}


def refuse(run, before):
    if before["status"] == "Deleting":
        raise ValueError("the notebook instance is being deleted")


def await_settled(sagemaker, name, until=SETTLED):
    """The status once it is one of these, or as it is when the time is over."""
    deadline, pause = time.monotonic() + LONGEST_WAIT, 0.5
    while True:
        status = sagemaker.describe_notebook_instance(NotebookInstanceName=name)["NotebookInstanceStatus"]
        if status in until or time.monotonic() + pause > deadline:
            return status
        time.sleep(pause)
        pause = min(2 * pause, 15)


def status_of(sagemaker, run):
    return sagemaker.describe_notebook_instance(NotebookInstanceName=run["target"])["NotebookInstanceStatus"]


def stop_notebook(run):
    sagemaker = boto3.client("sagemaker")
    # SageMaker stops only what is InService: one that is starting is waited for.
    if await_settled(sagemaker, run["target"]) == "InService":
        unless_done(
            lambda: sagemaker.stop_notebook_instance(NotebookInstanceName=run["target"]),
            lambda: status_of(sagemaker, run) in ("Stopping", *ENDED),
        )


def await_stopped(run):
    status = await_settled(boto3.client("sagemaker"), run["target"], ENDED)
    if status not in ENDED:
        raise RuntimeError(f"the notebook instance is {status}, not stopped")


def start_notebook(run):
    sagemaker = boto3.client("sagemaker")
    if run["before"]["running"] and await_settled(sagemaker, run["target"]) in ENDED:
        unless_done(
            lambda: sagemaker.start_notebook_instance(NotebookInstanceName=run["target"]),
            lambda: status_of(sagemaker, run) in ("Pending", "InService"),
        )


def await_started(run):
    if not run["before"]["running"]:
        return
    status = await_settled(boto3.client("sagemaker"), run["target"])
    if status != "InService":
        raise RuntimeError(f"the notebook instance is {status}, not InService")


def calls(run, state):
    if not state["running"]:
        return []
    return [{"call": "sagemaker:StopNotebookInstance", "on": run["target"], "change": f"{state['status']} becomes Stopped"}]


def impact(run, state):
    notebook = boto3.client("sagemaker").describe_notebook_instance(NotebookInstanceName=run["target"])
    found = [f"it works with the role {notebook['RoleArn']}, whose sessions stay valid"]
    if lifecycle := notebook.get("NotebookInstanceLifecycleConfigName"):
        found.append(f"the lifecycle configuration {lifecycle} runs again when it is started: read it before the reversal")
    return found
