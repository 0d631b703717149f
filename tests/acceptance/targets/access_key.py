"""An access key of a user who has a second one."""

from targets import Target, unique, without


class AccessKey(Target):
    """An access key, active or made inactive by somebody earlier."""

    action = "deactivate-access-key"
    kinds = {"active": {}, "inactive already": {"status": "Inactive"}}

    def __init__(self, aws, status="Active"):
        self.iam, self.user = aws.client("iam"), unique("pipeline")
        self.iam.create_user(UserName=self.user)
        self.id, self.other = (self.iam.create_access_key(UserName=self.user)["AccessKey"]["AccessKeyId"] for _ in range(2))
        self.iam.update_access_key(UserName=self.user, AccessKeyId=self.id, Status=status)

    def everything(self) -> dict:
        keys = self.iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return {
            "user": self.iam.get_user(UserName=self.user)["User"],
            "keys": {key["AccessKeyId"]: key for key in keys},
            "policies": self.iam.list_user_policies(UserName=self.user)["PolicyNames"],
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["keys"][self.id] == {**found["keys"][self.id], "Status": "Inactive"}
        assert now["keys"][self.other] == found["keys"][self.other]
        assert without(now, "keys") == without(found, "keys")
        assert observation == {"target": self.id, "user": self.user, "status": "Inactive"}
