"""A secret with a rotation function."""

import datetime

from targets import Target, unique

FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:rotate-shop-database"
WHEN = {"AutomaticallyAfterDays": 30}


class Secret(Target):
    action = "rotate-secret"
    kinds = {"by its ARN": {}, "by its name": {"by": "Name"}, "rotation cancelled": {"cancelled": True}}

    def __init__(self, aws, by="ARN", cancelled=False, function=FUNCTION):
        self.secrets, self.name = aws.client("secretsmanager"), unique("shop/database")
        made = self.secrets.create_secret(Name=self.name, SecretString='{"password": "not-to-be-seen"}')
        self.id = made["ARN"].split(":secret:")[1] if by == "ARN" else self.name
        if function:
            self.secrets.rotate_secret(
                SecretId=self.name, RotationLambdaARN=function, RotationRules=WHEN, RotateImmediately=False
            )
        if cancelled:
            self.secrets.cancel_rotate_secret(SecretId=self.name)

    def everything(self) -> dict:
        secret = self.secrets.describe_secret(SecretId=self.name)
        return {
            "arn": secret["ARN"],
            "versions": secret["VersionIdsToStages"],
            "rotation": (secret["RotationEnabled"], secret.get("RotationLambdaARN"), secret.get("RotationRules")),
            "last_rotated": secret.get("LastRotatedDate"),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        (old,) = found["versions"]
        (new,) = set(now["versions"]) - {old}
        assert now["versions"][old] == ["AWSPREVIOUS"]
        assert "AWSCURRENT" in now["versions"][new]
        assert now["rotation"] == (True, *found["rotation"][1:])
        assert observation == {
            "target": self.id,
            "arn": found["arn"],
            "rotation_enabled": True,
            "rotation_function": FUNCTION,
            "versions": {version: sorted(stages) for version, stages in now["versions"].items()},
            "last_rotated": now["last_rotated"].astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "rotation": "done",
        }
