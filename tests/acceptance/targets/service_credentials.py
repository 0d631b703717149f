"""A user with credentials for single services."""

from targets import Target, unique, without


class ServiceCredentials(Target):
    """A user with API keys of Bedrock and a password for CodeCommit, or with none."""

    action = "deactivate-service-credentials"
    kinds = {
        "with keys": {"services": ("bedrock.amazonaws.com", "codecommit.amazonaws.com", "bedrock.amazonaws.com")},
        "without": {},
    }

    def __init__(self, aws, services=()):
        self.iam, self.id = aws.client("iam"), unique("BedrockAPIKey")
        self.iam.create_user(UserName=self.id)
        self.iam.create_access_key(UserName=self.id)
        made = [self.iam.create_service_specific_credential(UserName=self.id, ServiceName=service) for service in services]
        self.credentials = [one["ServiceSpecificCredential"]["ServiceSpecificCredentialId"] for one in made]
        # The last one was inactive before: the reversal has to leave it so.
        for last in self.credentials[2:]:
            self.iam.update_service_specific_credential(UserName=self.id, ServiceSpecificCredentialId=last, Status="Inactive")

    def everything(self) -> dict:
        found = self.iam.list_service_specific_credentials(UserName=self.id)["ServiceSpecificCredentials"]
        return {
            "user": self.iam.get_user(UserName=self.id)["User"],
            "credentials": {one["ServiceSpecificCredentialId"]: one for one in found},
            "keys": self.iam.list_access_keys(UserName=self.id)["AccessKeyMetadata"],
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["credentials"] == {name: {**one, "Status": "Inactive"} for name, one in found["credentials"].items()}
        assert without(now, "credentials") == without(found, "credentials")
        shown = {name: {"service": one["ServiceName"], "status": one["Status"]} for name, one in now["credentials"].items()}
        assert observation == {"target": self.id, "credentials": shown}
