"""A role with another inline policy; where asked for, with an earlier revocation and with what works with it."""

import io
import json
import zipfile

from targets import Target, trust, unique, without

POLICY = "TocsinRevokeOlderSessions"
OWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}]}


def older(number: int) -> dict:
    condition = {"DateLessThan": {"aws:TokenIssueTime": f"2026-01-0{number + 1}T00:00:00Z"}}
    return {"Sid": f"Earlier{number}", "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": condition}


class Role(Target):
    """A role, as instances, functions and people use it."""

    action = "revoke-role-sessions"
    kinds = {"in use, revoked earlier": {"earlier": True, "in_use": True}, "plain": {}}

    def __init__(self, aws, earlier=False, in_use=False, path="/"):
        self.aws, self.iam, self.id = aws, aws.client("iam"), unique("checkout")
        self.arn = self.iam.create_role(RoleName=self.id, Path=path, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))[
            "Role"
        ]["Arn"]
        self.iam.put_role_policy(RoleName=self.id, PolicyName="ReadShop", PolicyDocument=json.dumps(OWN))
        if earlier:
            # Long enough to need several pieces, with white space and characters that need escaping.
            text = {"Version": "2012-10-17", "Statement": [older(number) for number in range(6)]}
            self.iam.put_role_policy(RoleName=self.id, PolicyName=POLICY, PolicyDocument=json.dumps(text, indent=4))
        if in_use:
            self.instance = self.make_instance()
            self.function = self.make_function()

    def make_instance(self) -> str:
        profile, ec2 = unique("profile"), self.aws.client("ec2")
        self.iam.create_instance_profile(InstanceProfileName=profile)
        self.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=self.id)
        launched = ec2.run_instances(
            ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": profile}
        )
        return launched["Instances"][0]["InstanceId"]

    def make_function(self) -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("shop.py", "def handler(event, context): pass")
        request = {"Runtime": "python3.11", "Handler": "shop.handler", "Code": {"ZipFile": code.getvalue()}}
        return self.aws.client("lambda").create_function(FunctionName=unique("shop"), Role=self.arn, **request)["FunctionName"]

    def everything(self) -> dict:
        names = sorted(self.iam.list_role_policies(RoleName=self.id)["PolicyNames"])
        return {
            "role": self.iam.get_role(RoleName=self.id)["Role"],
            "policies": {name: self.iam.get_role_policy(RoleName=self.id, PolicyName=name)["PolicyDocument"] for name in names},
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        policies = self.everything()["policies"]
        assert without(policies, POLICY) == without(found["policies"], POLICY)
        (statement,) = policies[POLICY]["Statement"]
        assert (statement["Sid"], statement["Effect"], statement["Action"], statement["Resource"]) == (POLICY, "Deny", "*", "*")
        assert list(statement["Condition"]) == ["DateLessThan"]
        assert list(statement["Condition"]["DateLessThan"]) == ["aws:TokenIssueTime"]
        assert set(observation) == {"target", "policy"}
        assert observation["target"] == self.id
        assert json.loads(observation["policy"]) == policies[POLICY]
