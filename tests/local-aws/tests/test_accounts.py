"""More than one account and region: stacks there, roles across accounts, and what the calls say of both."""

import json

import botocore.exceptions
import pytest

OTHER, REGION = "444455556666", "us-west-2"
TEMPLATE = """
Parameters: {HomeRegion: {Type: String}}
Conditions: {IsHome: !Equals [!Ref AWS::Region, !Ref HomeRegion]}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: {NAME}}}
  Role:
    Type: AWS::IAM::Role
    Condition: IsHome
    Properties:
      RoleName: Tocsin-Member-{NAME}
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: "arn:aws:iam::111122223333:root"}
            Action: sts:AssumeRole
            Condition: {ArnEquals: {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/{NAME}"}}
Outputs: {Topic: {Value: !Ref Topic}}
"""


@pytest.fixture
def member(aws, unique, tmp_path):
    """A stack in another account and two regions, with a role that trusts one role of ours; the ARN of that role there."""
    template = tmp_path / "member.yaml"
    template.write_text(TEMPLATE.replace("{NAME}", unique), encoding="utf-8")
    for region in (aws.region, REGION):
        topic = aws.at(OTHER, region).deploy(unique, template, {"HomeRegion": aws.region})["Topic"]
        assert topic == f"arn:aws:sns:{region}:{OTHER}:{unique}"
    return f"arn:aws:iam::{OTHER}:role/Tocsin-Member-{unique}"


def session_of(aws, name: str) -> dict:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}))
    return aws.assume_role(f"arn:aws:iam::{aws.account}:role/{name}", name)


def assume(aws, credentials: dict, role: str) -> dict:
    sts = aws.client("sts", credentials=credentials, region=REGION)
    found = sts.assume_role(RoleArn=role, RoleSessionName="across")["Credentials"]
    return {"access_key": found["AccessKeyId"], "secret_key": found["SecretAccessKey"], "session_token": found["SessionToken"]}


def test_stack_is_of_its_account_and_region(aws, member, unique):
    assert unique not in str(aws.client("sns").list_topics()["Topics"])
    assert aws.at(OTHER).client("iam").get_role(RoleName=f"Tocsin-Member-{unique}")["Role"]["Arn"] == member
    with pytest.raises(botocore.exceptions.ClientError):
        aws.client("iam").get_role(RoleName=f"Tocsin-Member-{unique}")


def test_role_across_accounts_acts_there_under_its_own_name(aws, member, unique):
    there = assume(aws, session_of(aws, unique), member)
    topics = aws.client("sns", credentials=there, region=REGION).list_topics()["Topics"]
    assert [topic["TopicArn"] for topic in topics if unique in topic["TopicArn"]] == [f"arn:aws:sns:{REGION}:{OTHER}:{unique}"]
    (call,) = [call for call in aws.calls() if call.get("role") == f"Tocsin-Member-{unique}"]
    assert (call["operation"], call["account"], call["region"]) == ("ListTopics", OTHER, REGION)


def test_role_trusts_whom_it_names_and_nobody_else(aws, member, unique):
    stranger = session_of(aws, f"{unique}-stranger")
    for credentials, role in (
        (stranger, member),
        ({"access_key": "999900001111", "secret_key": "root"}, member),
        (session_of(aws, unique), member.replace(OTHER, "777788889999")),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            assume(aws, credentials, role)


def test_ordered_fault_can_be_of_one_region(aws, unique):
    aws.fail_call("sts", "GetCallerIdentity", "RegionDisabledException", status=403, in_region=REGION)
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account
    with pytest.raises(botocore.exceptions.ClientError, match="RegionDisabledException"):
        aws.client("sts", region=REGION).get_caller_identity()
