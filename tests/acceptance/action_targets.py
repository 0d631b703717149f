"""What each containment action is tried on: resources made in the account, and everything about them read back with boto3."""

import dataclasses
import json
import uuid

from botocore.exceptions import ClientError

RESPONDER = "arn:aws:iam::111122223333:role/incident-response/responder"


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def without(value: dict, *keys: str) -> dict:
    return {key: item for key, item in value.items() if key not in keys}


class Instance:
    """An instance with two interfaces that wear different groups, in a VPC of its own that has IPv6."""

    action = "isolate-instance"
    document, reversal = "Tocsin-IsolateInstance", "Tocsin-ReverseIsolateInstance"
    steps = (
        "RecordBefore",
        "PrepareGroups",
        "SwapToTransit",
        "SwapToIsolation",
        "SwapProfile",
        "DeleteTransit",
        "ObserveContainment",
    )
    reversal_steps = ("RestoreGroups", "RestoreProfile", "DeleteGroups", "ObserveReversal")

    def __init__(self, aws, has_profile: bool = True, has_ipv6: bool = True):
        self.ec2, self.account = aws.client("ec2"), aws.account
        self.vpc = self.ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=has_ipv6)["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        web, ssh, data = (self.make_group(name) for name in ("web", "ssh", "data"))
        self.profile = unique("checkout") if has_profile else None
        request = {"IamInstanceProfile": {"Name": self.make_profile(aws)}} if has_profile else {}
        launched = self.ec2.run_instances(
            ImageId="ami-12c6146b",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            SecurityGroupIds=[web, ssh],
            **request,
        )
        self.id = launched["Instances"][0]["InstanceId"]
        second = self.ec2.create_network_interface(SubnetId=subnet, Groups=[data])["NetworkInterface"]["NetworkInterfaceId"]
        self.ec2.attach_network_interface(NetworkInterfaceId=second, InstanceId=self.id, DeviceIndex=1)

    def make_group(self, name: str) -> str:
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8"
        )
        return group

    def make_profile(self, aws) -> str:
        iam = aws.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }
        iam.create_role(RoleName=self.profile, AssumeRolePolicyDocument=json.dumps(trust))
        iam.create_instance_profile(InstanceProfileName=self.profile)
        iam.add_role_to_instance_profile(InstanceProfileName=self.profile, RoleName=self.profile)
        return self.profile

    @property
    def parameters(self) -> dict:
        return {"InstanceId": self.id}

    def interfaces(self) -> dict[str, list[str]]:
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [self.id]}])
        return {i["NetworkInterfaceId"]: sorted(group["GroupId"] for group in i["Groups"]) for i in found["NetworkInterfaces"]}

    def groups(self) -> dict[str, dict]:
        found = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["SecurityGroups"]
        return {group["GroupName"]: group for group in found}

    def profile_arn(self) -> str | None:
        found = self.ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [self.id]}])
        return next((one["IamInstanceProfile"]["Arn"] for one in found["IamInstanceProfileAssociations"]), None)

    def everything(self) -> dict:
        """The account around the instance. Replacing a profile makes a new association, on AWS too: its id is left out."""
        described = self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]
        described["IamInstanceProfile"] = described.get("IamInstanceProfile", {}).get("Arn")
        described["SecurityGroups"] = sorted(group["GroupId"] for group in described["SecurityGroups"])
        nested = sorted(described.pop("NetworkInterfaces"), key=lambda interface: interface["NetworkInterfaceId"])
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NetworkInterfaces"]
        return {
            "instance": described,
            "nested": [without(interface, "Groups") for interface in nested],
            "interfaces": {i["NetworkInterfaceId"]: without(i, "Groups") for i in found},
            "worn": self.interfaces(),
            "groups": self.groups(),
            "profile": self.profile_arn(),
        }

    def assert_contained(self, before: dict, observation: dict) -> None:
        isolation = self.groups()[f"tocsin-isolation-{self.id}"]
        assert isolation["IpPermissions"] == []
        assert isolation["IpPermissionsEgress"] == []
        assert f"tocsin-transit-{self.id}" not in self.groups()
        assert len(self.interfaces()) == 2
        assert all(groups == [isolation["GroupId"]] for groups in self.interfaces().values())
        quarantine = f"arn:aws:iam::{self.account}:instance-profile/Tocsin-Quarantine"
        assert self.profile_arn() == (quarantine if before["profile"] else None)
        assert observation == {
            "interfaces": [{"id": name, "groups": groups} for name, groups in sorted(self.interfaces().items())],
            "isolation_group": {"id": isolation["GroupId"], "ingress_rules": 0, "egress_rules": 0},
            "profile_arn": self.profile_arn(),
        }


class Role:
    """A role, with another inline policy, and where asked for with the revocation of an earlier incident."""

    action = "revoke-role-sessions"
    document, reversal = "Tocsin-RevokeRoleSessions", "Tocsin-ReverseRevokeRoleSessions"
    steps = ("RecordBefore", "DenyOlderSessions", "ObserveContainment")
    reversal_steps = ("RestorePolicy", "ObserveReversal")
    policy_name = "TocsinRevokeOlderSessions"

    def __init__(self, aws, earlier: bool = False):
        self.iam, self.name = aws.client("iam"), unique("checkout")
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(trust))
        own = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}],
        }
        self.iam.put_role_policy(RoleName=self.name, PolicyName="ReadShop", PolicyDocument=json.dumps(own))
        if earlier:
            # Long enough to need several pieces, with white space and characters that need escaping.
            text = {"Version": "2012-10-17", "Statement": [self.older(number) for number in range(6)]}
            self.iam.put_role_policy(RoleName=self.name, PolicyName=self.policy_name, PolicyDocument=json.dumps(text, indent=4))

    @staticmethod
    def older(number: int) -> dict:
        condition = {"DateLessThan": {"aws:TokenIssueTime": f"2026-01-0{number + 1}T00:00:00Z"}}
        return {"Sid": f"Earlier{number}", "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": condition}

    @property
    def parameters(self) -> dict:
        return {"RoleName": self.name}

    def everything(self) -> dict:
        names = sorted(self.iam.list_role_policies(RoleName=self.name)["PolicyNames"])
        return {
            "role": self.iam.get_role(RoleName=self.name)["Role"],
            "policies": {
                name: self.iam.get_role_policy(RoleName=self.name, PolicyName=name)["PolicyDocument"] for name in names
            },
        }

    def assert_contained(self, before: dict, observation: dict) -> None:
        policies = self.everything()["policies"]
        assert without(policies, self.policy_name) == without(before["policies"], self.policy_name)
        (statement,) = policies[self.policy_name]["Statement"]
        assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
        assert list(statement["Condition"]) == ["DateLessThan"]
        assert observation["role_name"] == self.name
        assert json.loads(observation["policy"]) == policies[self.policy_name]
        assert observation["revoked_before"] == statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"]


ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a bucket is found."""

    public_access_block: dict | None = None
    encryption: dict | None = None
    statements: tuple | dict = ()
    key: str = ""


PUBLIC = {
    "Sid": "Shop",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::{bucket}/public/*",
}
PARTNER = {
    "Effect": "Allow",
    "Principal": {"AWS": "444455556666"},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::{bucket}/partner/*"],
}
TLS_ONLY = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
AES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
OWN_KEY = {
    "Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "BucketKeyEnabled": True}
    ]
}
SOME_BLOCKED = {**ALL_BLOCKED, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}


class Bucket:
    """A bucket with an object, and with the settings asked for."""

    action = "lock-bucket"
    document, reversal = "Tocsin-LockBucket", "Tocsin-ReverseLockBucket"
    steps = ("RecordBefore", "MergePolicy", "EncryptByDefault", "BlockPublicAccess", "ObserveContainment")
    reversal_steps = (
        "CheckBefore",
        "LetPolicyBeRestored",
        "RestorePolicy",
        "RestoreEncryption",
        "RestorePublicAccess",
        "ObserveReversal",
    )

    def __init__(self, aws, settings: Settings = Settings()):  # noqa: B008 - frozen
        self.s3, self.name, self.account, self.key = aws.client("s3"), unique("customer-data"), aws.account, settings.key
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": aws.region})
        self.s3.put_object(Bucket=self.name, Key="customers.csv", Body=b"id\n1\n")
        if settings.statements:
            policy = {"Version": "2008-10-17", "Id": "Shop", "Statement": settings.statements}
            # As people write it: indented, so that restoring it word for word is more than restoring its meaning.
            self.s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy, indent=2).replace("{bucket}", self.name))
        if settings.encryption:
            self.s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration=settings.encryption)
        if settings.public_access_block:
            self.s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=settings.public_access_block)

    @property
    def parameters(self) -> dict:
        key = {"KmsKeyArn": self.key} if self.key else {}
        return {"BucketName": self.name, "ResponderArns": [RESPONDER], **key}

    def everything(self) -> dict:
        readings = {
            "public_access_block": lambda: self.s3.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"],
            "encryption": lambda: self.s3.get_bucket_encryption(Bucket=self.name)["ServerSideEncryptionConfiguration"],
            "policy": lambda: self.s3.get_bucket_policy(Bucket=self.name)["Policy"],
            "acl": lambda: without(self.s3.get_bucket_acl(Bucket=self.name), "ResponseMetadata"),
            "versioning": lambda: without(self.s3.get_bucket_versioning(Bucket=self.name), "ResponseMetadata"),
            "objects": lambda: [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name)["Contents"]],
        }
        state = {}
        for name, read in readings.items():
            try:
                state[name] = read()
            except ClientError as error:
                state[name] = error.response["Error"]["Code"]
        return state

    def assert_contained(self, before: dict, observation: dict) -> None:
        now = self.everything()
        assert now["public_access_block"] == ALL_BLOCKED
        rule = now["encryption"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        assert rule == {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": self.key} if self.key else {})}
        found = json.loads(before["policy"]) if before["policy"].startswith("{") else {}
        kept = found.get("Statement", [])
        kept = kept if isinstance(kept, list) else [kept]
        policy = json.loads(now["policy"])
        assert policy["Statement"][:-1] == kept
        assert without(policy, "Statement") == (without(found, "Statement") or {"Version": "2012-10-17"})
        lock = policy["Statement"][-1]
        assert lock["Sid"] == "TocsinLockBucket"
        assert (lock["Effect"], lock["Principal"], lock["Action"]) == ("Deny", "*", "s3:*")
        assert lock["Resource"] == [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"]
        spared = sorted([RESPONDER, f"arn:aws:iam::{self.account}:role/Tocsin-LockBucket"])
        assert lock["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": spared}}
        for part in ("acl", "versioning", "objects"):
            assert now[part] == before[part]
        assert observation == {
            "bucket": self.name,
            **{part: now[part] for part in ("public_access_block", "encryption", "policy")},
        }


TARGETS = {
    "instance": lambda aws: Instance(aws),
    "instance without profile": lambda aws: Instance(aws, has_profile=False),
    "instance without IPv6": lambda aws: Instance(aws, has_ipv6=False),
    "role": lambda aws: Role(aws),
    "role revoked earlier": lambda aws: Role(aws, earlier=True),
    "bare bucket": lambda aws: Bucket(aws),
    "bucket with everything": lambda aws: Bucket(aws, Settings(SOME_BLOCKED, AES, [PUBLIC, PARTNER, TLS_ONLY])),
    "bucket with one statement": lambda aws: Bucket(aws, Settings(None, OWN_KEY, PARTNER, KEY)),
    "public bucket blocked later": lambda aws: Bucket(aws, Settings(ALL_BLOCKED, None, [PUBLIC])),
}
# One a kind is enough where every step of its documents is broken: the kind, and how it is made.
BROKEN = {
    "instance": (Instance, TARGETS["instance"]),
    "role": (Role, TARGETS["role revoked earlier"]),
    "bucket": (Bucket, TARGETS["bucket with everything"]),
}
