"""A SageMaker notebook instance."""

from targets import Target, trust, unique, without

TIMES = ("CreationTime", "LastModifiedTime", "ResponseMetadata")


class Notebook(Target):
    """A notebook instance that somebody works in, or that was stopped before."""

    action = "stop-notebook"
    kinds = {
        "with everything": {"lifecycle": True},
        "bare": {},
        "stopped before": {"stopped": True},
    }

    def __init__(self, aws, lifecycle=False, stopped=False):
        self.client, self.id, self.stopped = aws.client("sagemaker"), unique("research"), stopped
        role = aws.client("iam").create_role(
            RoleName=unique("research"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
        )
        given = {}
        if lifecycle:
            given["LifecycleConfigName"] = unique("tools")
            self.client.create_notebook_instance_lifecycle_config(
                NotebookInstanceLifecycleConfigName=given["LifecycleConfigName"], OnStart=[{"Content": "ZWNobyBoZWxsbw=="}]
            )
        self.client.create_notebook_instance(
            NotebookInstanceName=self.id, InstanceType="ml.t3.medium", RoleArn=role["Role"]["Arn"], **given
        )
        if stopped:
            self.client.stop_notebook_instance(NotebookInstanceName=self.id)
            self.client.get_waiter("notebook_instance_stopped").wait(NotebookInstanceName=self.id, WaiterConfig={"Delay": 1})

    def everything(self) -> dict:
        return without(self.client.describe_notebook_instance(NotebookInstanceName=self.id), *TIMES)

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["NotebookInstanceStatus"] == "Stopped"
        assert without(now, "NotebookInstanceStatus") == without(found, "NotebookInstanceStatus")
        assert observation == {"target": self.id, "status": "Stopped", "running": False}
