"""Deploys Tocsin to the local AWS, with the same templates that go to AWS, and the people who decide."""

import dataclasses
import json
import platform

from cryptography.hazmat.primitives.asymmetric import ec

from demo import containment, organisation, places, scope, signed

# From the first one only lists of findings are read: nothing there sends events to this stack.
REGIONS = ("us-west-2", "eu-central-1")
# An account that Tocsin protects beside its own.
MEMBER = "444455556666"
# The one that the vault is in. Its evidence stays in these regions.
EVIDENCE = "999988887777"
ZONE = ("eu-central-1", "eu-west-1")
OPERATORS = ("operator-evans", "operator-fuchs")
COUNSEL = ("counsel-adams", "counsel-bauer")
APPROVERS = ("approver-chen", "approver-diaz")


@dataclasses.dataclass(frozen=True)
class Stack:
    vault: str
    settings: str
    table: str
    queue: str
    dead_letters: str
    topic: str
    escalation_topic: str
    approval_url: str
    order_url: str
    decision_url: str
    release_url: str
    seal_key: str
    response: str
    settings_key: ec.EllipticCurvePrivateKey
    lists: str
    submission_url: str

    def machine(self, name: str) -> str:
        """The ARN of a state machine of Tocsin."""
        return f"{self.response.rsplit(':', 1)[0]}:tocsin-{name}"

    def execution(self, machine: str, name: str) -> str:
        return f"{self.machine(machine).replace(':stateMachine:', ':execution:')}:{name}"


def architecture() -> str:
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def member_parameters(aws) -> dict[str, str]:
    return {"SecurityAccountId": aws.account, "HomeRegion": aws.region, "EvidenceAccountId": EVIDENCE, "AdministersOrganization": "true"}


def evidence_parameters(aws, **logs: str) -> dict:
    """`logs` says where the organization's logs lie, by the template's parameters."""
    # Nobody can delete what is kept under COMPLIANCE, so an exercise does not use it.
    return {"SecurityAccountId": aws.account, "ZoneRegions": ",".join(ZONE), "Purpose": "exercises", "ExerciseRetentionDays": 1, **logs}


def custodian(aws) -> dict[str, str]:
    """The key of somebody who reads the vault. Here it is that of its account's root: there, no policy is enforced."""
    return {"access_key": EVIDENCE, "secret_key": aws.state["secret_key"]}


def deploy(aws, **logs: str) -> Stack:
    infra = places.REPOSITORY / "infra"
    for region in REGIONS:
        aws.client("guardduty", region=region).create_detector(Enable=True)
    # What the stack set does: each account and each region.
    for account in (aws.account, MEMBER):
        for region in REGIONS:
            aws.deploy("tocsin-member", infra / "member.yaml", member_parameters(aws), account=account, region=region)
    aws.deploy("tocsin-member", infra / "member.yaml", member_parameters(aws), account=EVIDENCE)
    kept = aws.deploy("tocsin-evidence", infra / "evidence.yaml", evidence_parameters(aws, **logs), account=EVIDENCE)
    settings_key = signed.make_key()
    parameters = {
        "SettingsPublicKey": signed.public(settings_key),
        "Architecture": architecture(),
        "NoticeSender": organisation.SENDER,
        "NoticeSenderIdentity": organisation.SENDER_DOMAIN,
        "VaultBucket": kept["VaultBucket"],
        **{key: kept[key] for key in ("VaultKeyArn", "SnapshotKeyArn", "SigningKeyArn", "LogTables")},
        "RepeatRevocationAfterSeconds": 1,
        # Where nobody approves, the response goes on to its end after this time.
        "ApprovalTimeoutSeconds": 20,
        "ApprovalAttempts": 2,
        "FindingRegions": ",".join(REGIONS),
        "ReportWaitSeconds": 2,
        "HeldNoticeWaitSeconds": 1,
    }
    outputs = aws.deploy("tocsin-responder", infra / "responder.yaml", parameters)
    aws.client("sesv2").create_email_identity(EmailIdentity=organisation.SENDER_DOMAIN)
    aws.client("iam").create_role(RoleName=containment.RESPONDER, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    scope.put(aws, outputs["SettingsBucket"], settings_key, scope.document())
    containment.put(aws, outputs["SettingsBucket"], settings_key, containment.document(aws.account))
    return Stack(
        settings_key=settings_key,
        lists=outputs["NoticeListsBucket"],
        submission_url=outputs["SubmissionUrl"],
        vault=kept["VaultBucket"],
        settings=outputs["SettingsBucket"],
        table=outputs["IncidentsTable"],
        queue=outputs["FindingsQueueUrl"],
        dead_letters=outputs["DeadLetterQueueUrl"],
        topic=outputs["OperatorTopicArn"],
        escalation_topic=outputs["EscalationTopicArn"],
        approval_url=outputs["ContainmentApprovalUrl"],
        order_url=outputs["ContainmentOrderUrl"],
        decision_url=outputs["LegalDecisionUrl"],
        release_url=outputs["EvidenceReleaseUrl"],
        seal_key=kept["SigningKeyArn"],
        response=outputs["IncidentResponseStateMachineArn"],
    )


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def admit_counsel(aws, name: str) -> dict[str, str]:
    """A lawyer's access key; all it may do is read what waits, and decide."""
    return admit(aws, name, "Tocsin-LegalReviewer")


def admit_approver(aws, name: str) -> dict[str, str]:
    """The access key of somebody who may approve containment; all it may do is see what waits, and decide."""
    return admit(aws, name, "Tocsin-ContainmentApprover")


def admit_reader(aws, name: str) -> dict[str, str]:
    """The access key of somebody who may reach evidence; all it may do is ask for it, on record."""
    return admit(aws, name, "Tocsin-EvidenceReader")


def admit_auditor(aws, name: str) -> dict[str, str]:
    """The access key of somebody who exports the register of breaches, and can do nothing else."""
    return admit(aws, name, "Tocsin-RegisterReader")


def admit_operator(aws, name: str) -> dict[str, str]:
    """The access key of somebody who contains by hand; all it may do is plan, order and take back."""
    return admit(aws, name, "Tocsin-ContainmentOperator")


def admit(aws, name: str, policy: str) -> dict[str, str]:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::{aws.account}:policy/{policy}")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def watch_pages(aws, stack: Stack) -> str:
    """A queue that receives every page to the operator; its URL."""
    return subscribe(aws, stack.topic, "operator-pages")


def watch_escalations(aws, stack: Stack) -> str:
    """A queue that receives what the operator did not answer; its URL."""
    return subscribe(aws, stack.escalation_topic, "escalated-pages")


def subscribe(aws, topic: str, queue: str) -> str:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url
