"""One local AWS for all tests of this folder; each test uses names of its own."""

import json
import pathlib
import uuid

import pytest

from local_aws import LocalAws

HERE = pathlib.Path(__file__).parent
SSM_TRUST = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    with LocalAws(tmp_path_factory.mktemp("local-aws") / "run") as running:
        yield running


@pytest.fixture(scope="session")
def stack(aws):
    """Outputs of the stack that the tests share."""
    return aws.deploy("shared", HERE / "stack" / "template.yaml", {"Greeting": "hello"})


@pytest.fixture
def unique():
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def automation_role(aws):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [SSM_TRUST]})
    return aws.client("iam").create_role(RoleName="Automation", AssumeRolePolicyDocument=policy)["Role"]["Arn"]


@pytest.fixture
def automate(aws, unique, automation_role):
    """Create a document from these steps, run it, and answer the finished execution."""

    def run(steps, given=None, parameters=None, outputs=(), wait=True, **start):
        document = {
            "schemaVersion": "0.3",
            "assumeRole": "{{ AutomationAssumeRole }}",
            "parameters": {"AutomationAssumeRole": {"type": "AWS::IAM::Role::Arn"}, **(parameters or {})},
            "mainSteps": steps,
            "outputs": list(outputs),
        }
        ssm = aws.client("ssm")
        name = start.pop("name", f"Doc-{unique}")
        existing = {found["Name"] for found in ssm.list_documents()["DocumentIdentifiers"]}
        if name not in existing:
            ssm.create_document(Name=name, DocumentType="Automation", DocumentFormat="JSON", Content=json.dumps(document))
        values = {"AutomationAssumeRole": [automation_role], **(given or {})}
        started = ssm.start_automation_execution(DocumentName=name, Parameters=values, **start)["AutomationExecutionId"]
        return finished(aws, started) if wait else started

    return run


def finished(aws, execution):
    def ended():
        found = aws.client("ssm").get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
        return found if found["AutomationExecutionStatus"] not in ("Pending", "InProgress") else None

    return aws.wait_until(ended, what="the end of the automation")


def machine_ended(aws, arn, seconds=10):
    """The execution, once it has ended."""

    def ended():
        found = aws.client("stepfunctions").describe_execution(executionArn=arn)
        return found if found["status"] != "RUNNING" else None

    return aws.wait_until(ended, seconds, what="the end of the execution")
