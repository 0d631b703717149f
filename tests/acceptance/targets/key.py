"""A KMS key with grants: of partners and roles, and of AWS services."""

from targets import Target

ROLE = "arn:aws:iam::111122223333:role/settlement"
SERVICE_ROLES = "arn:aws:iam::111122223333:role/aws-service-role"
PARTNER = "arn:aws:iam::444455556666:role/partner"
GRANTS = [
    {"GranteePrincipal": PARTNER, "Operations": ["Decrypt", "DescribeKey"], "Name": "partner"},
    {
        "GranteePrincipal": ROLE,
        "Operations": ["GenerateDataKey", "Decrypt"],
        "RetiringPrincipal": ROLE,
        "Constraints": {"EncryptionContextSubset": {"shop": "eu"}},
    },
    # Two alike, which KMS allows for grants without a name.
    {"GranteePrincipal": ROLE, "Operations": ["Encrypt"]},
    {"GranteePrincipal": ROLE, "Operations": ["Encrypt"]},
]
OF_SERVICES = [
    {"GranteePrincipal": "dynamodb.eu-central-1.amazonaws.com", "Operations": ["Decrypt"]},
    {
        "GranteePrincipal": "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0",
        "Operations": ["Decrypt"],
    },
    {
        "GranteePrincipal": f"{SERVICE_ROLES}/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        "Operations": ["CreateGrant"],
    },
]


class Key(Target):
    """A key, all of whose grants or those of one principal are revoked."""

    action = "revoke-grants"
    kinds = {
        "every grantee": {"grants": GRANTS + OF_SERVICES},
        "one grantee": {"grants": GRANTS + OF_SERVICES, "grantees": [PARTNER]},
        "of services alone": {"grants": OF_SERVICES},
    }
    # A grant that is made again has an id and a time of its own.
    lost = ("ids",)

    def __init__(self, aws, grants=(), grantees=()):
        self.kms, self.grantees = aws.client("kms"), grantees
        self.id = self.kms.create_key(Description="orders")["KeyMetadata"]["KeyId"]
        for grant in grants:
            self.kms.create_grant(KeyId=self.id, **grant)

    @property
    def parameters(self) -> dict:
        return {"GranteeArns": self.grantees} if self.grantees else {}

    def everything(self) -> dict:
        found = self.kms.list_grants(KeyId=self.id)["Grants"]
        plain = [
            {name: value for name, value in one.items() if value and name not in ("GrantId", "CreationDate")} for one in found
        ]
        for one in plain:
            one["Operations"] = sorted(one["Operations"])
        return {
            "key": self.kms.describe_key(KeyId=self.id)["KeyMetadata"],
            "policy": self.kms.get_key_policy(KeyId=self.id, PolicyName="default")["Policy"],
            "grants": sorted(plain, key=str),
            "ids": sorted((one["GrantId"], one["CreationDate"]) for one in found),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        revoked = self.grantees or [PARTNER, ROLE]
        assert now["grants"] == [one for one in found["grants"] if one["GranteePrincipal"] not in revoked]
        assert (now["key"], now["policy"]) == (found["key"], found["policy"])
        assert now["key"]["Enabled"]
        assert observation == {"target": self.id, "scope": list(self.grantees), "grants": []}
