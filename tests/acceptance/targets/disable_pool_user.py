"""A customer's account in a user pool of its own."""

from targets import Target, unique

PASSWORD = "Correct-Horse-7-Battery"


class PoolUser(Target):
    action = "disable-pool-user"
    kinds = {"customer": {"group": "wholesale"}, "disabled already": {"enabled": False}}

    def __init__(self, aws, group=None, enabled=True):
        self.cognito, self.name = aws.client("cognito-idp"), "ada+shop@example.com"
        self.pool = self.cognito.create_user_pool(PoolName=unique("shop"))["UserPool"]["Id"]
        client = self.cognito.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="shop",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        self.client = client["UserPoolClient"]["ClientId"]
        self.who = {"UserPoolId": self.pool, "Username": self.name}
        self.cognito.admin_create_user(**self.who, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(**self.who, Password=PASSWORD, Permanent=True)
        if group:
            self.cognito.create_group(UserPoolId=self.pool, GroupName=group)
            self.cognito.admin_add_user_to_group(**self.who, GroupName=group)
        if not enabled:
            self.cognito.admin_disable_user(**self.who)
        self.id = f"{self.pool}/{self.name}"

    def sign_in(self) -> dict:
        return self.authenticate("ADMIN_USER_PASSWORD_AUTH", USERNAME=self.name, PASSWORD=PASSWORD)

    def authenticate(self, flow: str, **parameters) -> dict:
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow=flow, AuthParameters=parameters
        )
        return answer["AuthenticationResult"]

    def everything(self) -> dict:
        user = self.cognito.admin_get_user(**self.who)
        groups = [one["GroupName"] for one in self.cognito.admin_list_groups_for_user(**self.who)["Groups"]]
        return {
            "enabled": user["Enabled"],
            "status": user["UserStatus"],
            "attributes": user["UserAttributes"],
            "groups": groups,
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        assert self.everything() == {**found, "enabled": False}
        assert observation == {"target": self.id, "enabled": False}
