"""A storm of findings, made from a seed: attacks that must be contained among duplicates, updates, samples and posture.

What must come of it is worked out here from what was put in: no code of Tocsin is asked.
"""

import dataclasses
import datetime
import json
import random

from demo import resources, stack

MESSAGES = 20_000
ATTACKS = 50
SEED = 20_260_302
UNREADABLE = '{"detail-type": "GuardDuty Finding", "detail": {"id": '
DETECTOR = "4ec8f0a1b2c3d4e5f60718293a4b5c6d"
BEGAN = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)

# What an intruder is seen at, each with the entity kinds that its finding names.
THREATS = (
    ("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS", "role"),
    ("Exfiltration:S3/AnomalousBehavior", "role and bucket"),
    ("Impact:S3/AnomalousBehavior.Delete", "role and bucket"),
)


@dataclasses.dataclass
class Attack:
    """One intruder with one stolen role, who reaches for a bucket, and later for a second one."""

    number: int
    grows: bool
    findings: set[str] = dataclasses.field(default_factory=set)

    @property
    def role(self) -> str:
        return f"storm-{self.number:02}-worker"

    @property
    def bucket(self) -> str:
        return f"storm-{self.number:02}-orders"

    @property
    def later_bucket(self) -> str:
        return f"storm-{self.number:02}-archive"

    @property
    def address(self) -> str:
        return f"198.51.100.{self.number + 1}"

    @property
    def access_key(self) -> str:
        return f"ASIASTORM{self.number:02}EXAMPLE00"

    @property
    def principal(self) -> str:
        return f"AROASTORM{self.number:02}EXAMPLE00:worker"

    def contained(self) -> set[tuple[str, str]]:
        """Every action that the attack calls for, with its target; no other may be taken."""
        buckets = [self.bucket, self.later_bucket] if self.grows else [self.bucket]
        return {("revoke-role-sessions", self.role)} | {("lock-bucket", bucket) for bucket in buckets}


@dataclasses.dataclass(frozen=True)
class Storm:
    attacks: list[Attack]
    # Findings that are recorded and open no incident.
    noise: set[str]
    messages: list[str]


def storm(account: str, region: str, messages: int = MESSAGES, attacks: int = ATTACKS) -> Storm:
    """The same storm each time, in one fixed disorder."""
    chance = random.Random(SEED)
    writer = Writer(account, region, chance)
    made = [Attack(number, grows=number % 5 == 0) for number in range(attacks)]
    texts = [text for attack in made for text in writer.of_attack(attack)]
    noise: set[str] = set()
    for number in range((messages - len(texts)) // 10):
        identifier, text = writer.noise(number, made)
        noise.add(identifier)
        texts.append(text)
    # The rest are repeats, as at-least-once delivery and two administrators make them: some findings come very often.
    loved = chance.sample(texts, len(texts) // 10)
    while len(texts) < messages - 1:
        texts.append(chance.choice(loved if chance.random() < 0.5 else texts))
    texts.append(UNREADABLE)
    chance.shuffle(texts)
    return Storm(made, noise, texts)


class Writer:
    """Writes findings as GuardDuty and Security Hub do."""

    def __init__(self, account: str, region: str, chance: random.Random):
        self.account, self.region, self.chance = account, region, chance

    def of_attack(self, attack: Attack) -> list[str]:
        """Every finding of an attack in each format, then its updates; all are about the same role."""
        texts = []
        for kind, names in THREATS:
            identifier = f"{self.chance.getrandbits(128):032x}"
            attack.findings.add(identifier)
            buckets = [attack.bucket] if "bucket" in names else []
            shown = [self.event, self.asff, self.ocsf]
            texts += [write(attack, identifier, kind, buckets, 0) for write in shown]
            for update in range(1, 4):
                is_last = update == 3 and kind.startswith("Impact")
                now = [*buckets, attack.later_bucket] if attack.grows and is_last else buckets
                texts += [write(attack, identifier, kind, now, update) for write in self.chance.sample(shown, 2)]
        return texts

    def noise(self, number: int, attacks: list[Attack]) -> tuple[str, str]:
        """Nothing to respond to: a sample, an archived finding about an attacked role, or a check of settings."""
        identifier = f"{self.chance.getrandbits(128):032x}"
        about = self.chance.choice(attacks)
        kind = THREATS[number % len(THREATS)][0]
        match number % 4:
            case 0:
                marks = {"additionalInfo": {"sample": True}}
                text = self.event(about, identifier, kind, [about.bucket], 0, title="[SAMPLE] ", service=marks)
            case 1:
                text = self.event(about, identifier, kind, [about.bucket], 0, service={"archived": True})
            case 2:
                identifier, text = self.check(identifier, "S3.8", f"posture-{number}", "PASSED")
            case _:
                identifier, text = self.check(identifier, "S3.9", f"posture-{number}", "FAILED")
        return identifier, text

    def envelope(self, kind: str, source: str, detail: dict) -> str:
        event = {"version": "0", "id": f"{self.chance.getrandbits(128):032x}", "detail-type": kind, "source": source}
        event |= {"account": self.account, "time": moment(0), "region": self.region, "resources": [], "detail": detail}
        return json.dumps(event)

    def event(self, attack, identifier, kind, buckets, update, title="", service=()) -> str:
        key = {"accessKeyId": attack.access_key, "principalId": attack.principal}
        key |= {"userType": "AssumedRole", "userName": attack.role}
        resource = {"resourceType": "S3Bucket" if buckets else "AccessKey", "accessKeyDetails": key}
        if buckets:
            resource["s3BucketDetails"] = [{"name": name, "arn": f"arn:aws:s3:::{name}"} for name in buckets]
        call = {"api": "GetObject", "serviceName": "s3.amazonaws.com", "callerType": "Remote IP"}
        call["remoteIpDetails"] = {"ipAddressV4": attack.address}
        seen = {"serviceName": "guardduty", "detectorId": DETECTOR, "archived": False, "count": update + 1}
        seen |= {"eventFirstSeen": moment(0), "eventLastSeen": moment(update), "resourceRole": "TARGET"}
        seen["action"] = {"actionType": "AWS_API_CALL", "awsApiCallAction": call}
        detail = {"schemaVersion": "2.0", "accountId": self.account, "region": self.region, "partition": "aws"}
        detail |= {"id": identifier, "arn": self.arn(identifier), "type": kind, "severity": 8.0}
        detail |= {"title": f"{title}A stolen role is in use.", "description": "A stolen role is in use."}
        detail |= {"createdAt": moment(0), "updatedAt": moment(update), "resource": resource, "service": seen | dict(service)}
        return self.envelope("GuardDuty Finding", "aws.guardduty", detail)

    def asff(self, attack, identifier, kind, buckets, update) -> str:
        purpose, rest = kind.split(":")
        key = {"PrincipalId": attack.principal, "PrincipalType": "AssumedRole", "PrincipalName": attack.role}
        named = [{"Type": "AwsIamAccessKey", "Id": f"AWS::IAM::AccessKey:{attack.access_key}", "Details": {"AwsIamAccessKey": key}}]
        named += [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{name}"} for name in buckets]
        address = "aws/guardduty/service/action/awsApiCallAction/remoteIpDetails/ipAddressV4"
        finding = self.in_security_hub(self.arn(identifier), "guardduty", update)
        finding |= {
            "Types": [f"TTPs/{purpose}/{purpose}:{rest.replace('/', '-', 1)}"],
            "Severity": {"Product": 8, "Label": "HIGH", "Normalized": 80},
            "Title": "A stolen role is in use.",
            "ProductFields": {"aws/guardduty/service/count": str(update + 1), address: attack.address},
            "Resources": [{**one, "Partition": "aws", "Region": self.region} for one in named],
        }
        return self.envelope("Security Hub Findings - Imported", "aws.securityhub", {"findings": [finding]})

    def ocsf(self, attack, identifier, kind, buckets, update) -> str:
        owner = {"account": {"uid": self.account, "type": "AWS Account", "type_id": 10}}
        user = {"name": attack.role, "type": "AssumedRole", "uid": attack.principal, "credential_uid": attack.access_key}
        data = {"principal_id": attack.principal, "user_name": attack.role, "user_type": "AssumedRole"}
        named = [{"type": "AWS::IAM::AccessKey", "uid": attack.access_key, "data": data}]
        named += [{"type": "AWS::S3::Bucket", "name": name, "uid": f"arn:aws:s3:::{name}"} for name in buckets]
        info = {"uid": self.arn(identifier), "uid_alt": identifier, "title": "A stolen role is in use.", "types": ["Threats", kind]}
        info |= {"created_time": millis(0), "modified_time": millis(update)}
        info |= {"first_seen_time": millis(0), "last_seen_time": millis(update)}
        product = {"name": "GuardDuty", "vendor_name": "AWS", "uid": f"arn:aws:securityhub:{self.region}::productv2/aws/guardduty"}
        finding = {
            "activity_id": 1 if update == 0 else 2,
            "category_uid": 2,
            "class_uid": 2004,
            "type_uid": 200401 if update == 0 else 200402,
            "cloud": {"account": owner["account"], "provider": "AWS", "region": self.region},
            "count": update + 1,
            "evidences": [{"actor": {"user": user}, "src_endpoint": {"ip": attack.address}}],
            "finding_info": info,
            "metadata": {"product": product, "uid": f"{identifier}-{update}", "version": "1.6.0"},
            "resources": [{**one, "cloud_partition": "aws", "region": self.region, "owner": owner} for one in named],
            "severity": "High",
            "severity_id": 4,
            "status": "New",
            "status_id": 1,
            "time": millis(update),
        }
        return self.envelope("Findings Imported V2", "aws.securityhub", {"findings": [finding]})

    def check(self, identifier: str, control: str, bucket: str, status: str) -> tuple[str, str]:
        """The result of a check of settings; where it failed there is work to do, but nobody broke in."""
        arn = f"arn:aws:securityhub:{self.region}:{self.account}:security-control/{control}/finding/{identifier}"
        finding = self.in_security_hub(arn, "securityhub", 0)
        finding |= {
            "GeneratorId": f"security-control/{control}",
            "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
            "Severity": {"Label": "MEDIUM", "Normalized": 40},
            "Title": "A setting of a bucket",
            "Compliance": {"Status": status, "SecurityControlId": control},
            "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{bucket}", "Partition": "aws", "Region": self.region}],
        }
        return identifier, self.envelope("Security Hub Findings - Imported", "aws.securityhub", {"findings": [finding]})

    def in_security_hub(self, identifier: str, product: str, update: int) -> dict:
        return {
            "SchemaVersion": "2018-10-08",
            "Id": identifier,
            "ProductArn": f"arn:aws:securityhub:{self.region}::product/aws/{product}",
            "GeneratorId": f"arn:aws:guardduty:{self.region}:{self.account}:detector/{DETECTOR}",
            "AwsAccountId": self.account,
            "Region": self.region,
            "FirstObservedAt": moment(0),
            "LastObservedAt": moment(update),
            "CreatedAt": moment(0),
            "UpdatedAt": moment(update),
            "Description": "What a check or a detector saw.",
            "WorkflowState": "NEW",
            "Workflow": {"Status": "NEW"},
            "RecordState": "ACTIVE",
        }

    def arn(self, identifier: str) -> str:
        return f"arn:aws:guardduty:{self.region}:{self.account}:detector/{DETECTOR}/finding/{identifier}"


def moment(update: int) -> str:
    return (BEGAN + datetime.timedelta(minutes=15 * update)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def millis(update: int) -> int:
    return int((BEGAN + datetime.timedelta(minutes=15 * update)).timestamp() * 1000)


def make_resources(aws, attacks: list[Attack]) -> None:
    """What the attacks are about, so that containment has something to do."""
    for attack in attacks:
        aws.client("iam").create_role(RoleName=attack.role, AssumeRolePolicyDocument=stack.trust("ec2.amazonaws.com"))
        for bucket in (attack.bucket, attack.later_bucket):
            resources.make_bucket(aws, bucket)
