"""A recorder of AWS Config that somebody stopped."""

from targets import Target, unique, without

EVERYTHING = {"allSupported": True, "includeGlobalResourceTypes": True}
BUCKETS = {"allSupported": False, "includeGlobalResourceTypes": False, "resourceTypes": ["AWS::S3::Bucket"]}
ROLE = "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
CHANNEL = {"name": "default", "s3BucketName": "company-config"}


class RestoreRecorder(Target):
    action = "restore-recorder"
    kinds = {
        "stopped and narrowed": {"group": BUCKETS},
        "stopped": {"group": EVERYTHING},
        "never started": {"group": EVERYTHING, "started": False},
        "recording": {"group": EVERYTHING, "recording": True},
    }

    def __init__(self, aws, group, started=True, recording=False):
        self.config, self.id = aws.client("config"), unique("recorder")
        self.config.put_configuration_recorder(
            ConfigurationRecorder={"name": self.id, "roleARN": ROLE, "recordingGroup": group}
        )
        self.config.put_delivery_channel(DeliveryChannel=CHANNEL)
        if started:
            self.config.start_configuration_recorder(ConfigurationRecorderName=self.id)
            if not recording:
                self.config.stop_configuration_recorder(ConfigurationRecorderName=self.id)

    def everything(self) -> dict:
        names = {"ConfigurationRecorderNames": [self.id]}
        return {
            "recorder": self.config.describe_configuration_recorders(**names)["ConfigurationRecorders"],
            "recording": self.config.describe_configuration_recorder_status(**names)["ConfigurationRecordersStatus"][0][
                "recording"
            ],
            "channels": self.config.describe_delivery_channels()["DeliveryChannels"],
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["recording"] is True
        assert without(now, "recording") == without(found, "recording")
        assert observation == {
            "target": self.id,
            "recording": True,
            "recorder": now["recorder"][0],
            "delivery_channels": [CHANNEL],
        }
