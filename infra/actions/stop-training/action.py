import boto3
import time

# A job that is stopping still has its instances and its network.
RUNNING = ("InProgress", "Stopping")
# A step may run for 600 s.
LONGEST_WAIT = 570


def observe(run):
    status = boto3.client("sagemaker").describe_training_job(TrainingJobName=run["target"])["TrainingJobStatus"]
    return {"status": status, "running": status in RUNNING}


def stop_training(run):
    sagemaker = boto3.client("sagemaker")
    if sagemaker.describe_training_job(TrainingJobName=run["target"])["TrainingJobStatus"] != "InProgress":
        return
    try:
        sagemaker.stop_training_job(TrainingJobName=run["target"])
    except sagemaker.exceptions.ClientError as error:
        # It ended by itself in between: the next step sees it.
        if error.response["Error"]["Code"] != "ValidationException":
            raise


def await_stopped(run):
    sagemaker = boto3.client("sagemaker")
    deadline, pause = time.monotonic() + LONGEST_WAIT, 0.5
    while True:
        status = sagemaker.describe_training_job(TrainingJobName=run["target"])["TrainingJobStatus"]
        if status not in RUNNING:
            return
        if time.monotonic() + pause > deadline:
            raise RuntimeError(f"the training job is {status}, not stopped")
        time.sleep(pause)
        pause = min(2 * pause, 15)


def calls(run, state):
    # One that is stopping is only waited for.
    if state["status"] != "InProgress":
        return []
    return [{"call": "sagemaker:StopTrainingJob", "on": run["target"], "change": "InProgress becomes Stopped, for good"}]


def impact(run, state):
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=run["target"])
    parents = [job[key] for key in ("TuningJobArn", "AutoMLJobArn", "LabelingJobArn") if job.get(key)]
    return [f"{parent} started it, and may start another" for parent in parents] + [
        f"its model goes to {job['OutputDataConfig']['S3OutputPath']}: what reads it there gets none, or a half trained one"
    ]
