"""A role that invokes models of Bedrock, for everything or for one model."""

import io
import json
import zipfile

from targets import Target, trust, unique, without

POLICY = "TocsinDenyModels"
BY_MODEL = {"bedrock:CreateModelInvocationJob", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
INDIRECT = {
    "bedrock:InvokeAgent",
    "bedrock:RetrieveAndGenerate",
    "bedrock:CallWithBearerToken",
    "bedrock-mantle:CreateInference",
}
MODELS = [
    "arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0",
    "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0",
]
OWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}


class ModelCaller(Target):
    """The role of the shop's agent, with a function that works with it."""

    action = "deny-models"
    kinds = {"two models": {"models": MODELS}, "every model": {}}

    def __init__(self, aws, models=(), path="/"):
        self.iam, self.id, self.models = aws.client("iam"), unique("shop-agent"), models
        role = self.iam.create_role(RoleName=self.id, Path=path, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]
        self.iam.put_role_policy(RoleName=self.id, PolicyName="UseModels", PolicyDocument=json.dumps(OWN))
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("shop.py", "def handler(event, context): pass")
        request = {"Runtime": "python3.11", "Handler": "shop.handler", "Code": {"ZipFile": code.getvalue()}}
        made = aws.client("lambda").create_function(FunctionName=unique("agent"), Role=role["Arn"], **request)
        self.function = made["FunctionName"]

    @property
    def parameters(self) -> dict:
        return {"ModelArns": self.models} if self.models else {}

    def everything(self) -> dict:
        names = sorted(self.iam.list_role_policies(RoleName=self.id)["PolicyNames"])
        return {
            "role": self.iam.get_role(RoleName=self.id)["Role"],
            "policies": {name: self.iam.get_role_policy(RoleName=self.id, PolicyName=name)["PolicyDocument"] for name in names},
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["role"] == found["role"]
        assert without(now["policies"], POLICY) == found["policies"]
        models, others = now["policies"][POLICY]["Statement"]
        assert (models["Sid"], models["Effect"], set(models["Action"])) == (POLICY, "Deny", BY_MODEL)
        assert models["Resource"] == (sorted(self.models) or ["*"])
        assert (others["Sid"], others["Effect"], others["Resource"]) == (f"{POLICY}BehindOtherCalls", "Deny", "*")
        assert set(others["Action"]) >= INDIRECT
        assert not any("Condition" in one for one in (models, others))
        assert set(observation) == {"target", "policy"}
        assert json.loads(observation["policy"]) == now["policies"][POLICY]
