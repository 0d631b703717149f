"""A user with every kind of credential, a password, a group and a policy of its own; or a bare one."""

import json

from targets import Target, unique, without

POLICY = "TocsinLockUser"
OWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}]}
LISTS = {
    "access_keys": ("list_access_keys", "AccessKeyMetadata", "AccessKeyId"),
    "service_credentials": ("list_service_specific_credentials", "ServiceSpecificCredentials", "ServiceSpecificCredentialId"),
    "signing_certificates": ("list_signing_certificates", "Certificates", "CertificateId"),
    "ssh_keys": ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId"),
}


class User(Target):
    """A user, as people and programs use it."""

    action = "lock-user"
    kinds = {"with everything": {"full": True}, "bare": {}}

    def __init__(self, aws, full=False):
        self.iam, self.id = aws.client("iam"), unique("merchant")
        self.iam.create_user(UserName=self.id)
        self.group = unique("merchants")
        self.iam.create_group(GroupName=self.group)
        if full:
            self.fill()

    def fill(self) -> None:
        self.iam.add_user_to_group(GroupName=self.group, UserName=self.id)
        self.iam.put_user_policy(UserName=self.id, PolicyName="ReadShop", PolicyDocument=json.dumps(OWN))
        self.iam.create_login_profile(UserName=self.id, Password="a-password-of-the-test")  # noqa: S106 - guards nothing
        old, _ = (self.iam.create_access_key(UserName=self.id)["AccessKey"]["AccessKeyId"] for _ in range(2))
        # One was inactive before: the reversal has to leave it so.
        self.iam.update_access_key(UserName=self.id, AccessKeyId=old, Status="Inactive")
        self.iam.create_service_specific_credential(UserName=self.id, ServiceName="bedrock.amazonaws.com")
        self.iam.upload_signing_certificate(UserName=self.id, CertificateBody="a certificate")
        self.iam.upload_ssh_public_key(UserName=self.id, SSHPublicKeyBody="ssh-rsa AAAA")

    def everything(self) -> dict:
        names = sorted(self.iam.list_user_policies(UserName=self.id)["PolicyNames"])
        state = {
            "user": self.iam.get_user(UserName=self.id)["User"],
            "groups": self.iam.list_groups_for_user(UserName=self.id)["Groups"],
            "policies": {name: self.iam.get_user_policy(UserName=self.id, PolicyName=name)["PolicyDocument"] for name in names},
            "password": self.password(),
        }
        for kind, (operation, members, identifier) in LISTS.items():
            state[kind] = {one[identifier]: one for one in getattr(self.iam, operation)(UserName=self.id)[members]}
        return state

    def password(self) -> dict | None:
        try:
            return self.iam.get_login_profile(UserName=self.id)["LoginProfile"]
        except self.iam.exceptions.NoSuchEntityException:
            return None

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert without(now["policies"], POLICY) == found["policies"]
        statement = {"Sid": POLICY, "Effect": "Deny", "Action": "*", "Resource": "*"}
        assert now["policies"][POLICY] == {"Version": "2012-10-17", "Statement": [statement]}
        for kind in LISTS:
            assert now[kind] == {name: {**one, "Status": "Inactive"} for name, one in found[kind].items()}
        assert without(now, "policies", *LISTS) == without(found, "policies", *LISTS)
        assert json.loads(observation.pop("policy")) == now["policies"][POLICY]
        assert observation == {"target": self.id, **{kind: {name: "Inactive" for name in now[kind]} for kind in LISTS}}
