"""A SageMaker training job."""

import time

from targets import Target, trust, unique, without

TIMES = (
    "CreationTime",
    "LastModifiedTime",
    "ResponseMetadata",
    "TrainingStartTime",
    "TrainingEndTime",
    "SecondaryStatusTransitions",
)


class TrainingJob(Target):
    """A job that trains, is being stopped, or was stopped before."""

    action = "stop-training"
    kinds = {
        "running": {},
        "stopped before": {"stopped": True},
    }

    def __init__(self, aws, stopped=False):
        self.client, self.id = aws.client("sagemaker"), unique("ranking")
        role = aws.client("iam").create_role(
            RoleName=unique("ranking"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
        )
        self.client.create_training_job(
            TrainingJobName=self.id,
            AlgorithmSpecification={
                "TrainingImage": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/ranking:4",
                "TrainingInputMode": "File",
            },
            RoleArn=role["Role"]["Arn"],
            OutputDataConfig={"S3OutputPath": "s3://ranking-models/"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
            StoppingCondition={"MaxRuntimeInSeconds": 3600},
        )
        if stopped:
            self.client.stop_training_job(TrainingJobName=self.id)
            while self.everything()["TrainingJobStatus"] != "Stopped":
                time.sleep(0.05)

    def everything(self) -> dict:
        return without(self.client.describe_training_job(TrainingJobName=self.id), *TIMES)

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["TrainingJobStatus"] == "Stopped"
        changing = ("TrainingJobStatus", "SecondaryStatus")
        assert without(now, *changing) == without(found, *changing)
        assert observation == {"target": self.id, "status": "Stopped", "running": False}
