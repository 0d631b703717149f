"""The comparison of policies with calls, on a small template: it passes what fits, and finds each planted difference."""

import copy
import pathlib

import pytest
from policies import compare, wildcards_without_a_reason

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PLACE = {"account": "111122223333", "region": "eu-central-1", "status": 200, "at": "2026-01-01T00:00:00.000Z"}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
AUTOMATION = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def allow(actions, resource, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def role(trust, *statements, **more):
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "own", "PolicyDocument": document}]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies, **more}}


TEMPLATE = {
    "Parameters": {"Sender": {"Type": "String"}},
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "KeyPolicy": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                            "Resource": "*",
                            "Condition": {"StringEquals": {"kms:ViaService": [{"Fn::Sub": "s3.${AWS::Region}.amazonaws.com"}]}},
                        }
                    ]
                }
            },
        },
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "incidents"}},
        "Vault": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "SealFunction": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "seal", "Role": {"Fn::GetAtt": ["SealRole", "Arn"]}},
        },
        "SealRole": role(
            TRUST,
            allow(
                ["dynamodb:PutItem"],
                {"Fn::GetAtt": ["Table", "Arn"]},
                Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["INCIDENT#*"]}},
            ),
            allow("s3:PutObject", {"Fn::Sub": "${Vault.Arn}/incidents/*"}),
            allow(
                ["ssm:StartAutomationExecution"],
                {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:automation-definition/Tocsin-LockBucket:*"},
            ),
            allow(["iam:PassRole"], {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/Tocsin-LockBucket"}),
            allow(["sts:AssumeRole"], {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/Tocsin-Member-Seal"}),
            ManagedPolicyArns=["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"],
        ),
        "MemberSealRole": role(
            {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]},
            allow(["ssm:GetAutomationExecution"], {"Fn::Sub": "arn:${AWS::Partition}:ssm:*:${AWS::AccountId}:automation-execution/*"}),
            RoleName="Tocsin-Member-Seal",
        ),
        "LockBucketRole": role(
            AUTOMATION,
            allow("s3:PutBucketPolicy", "arn:aws:s3:::*"),
            {"Sid": "NeverTheVault", "Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::vault"},
            RoleName="Tocsin-LockBucket",
        ),
        "IsolateRole": role(
            AUTOMATION,
            allow("ec2:DescribeInstances", "*"),
            allow(["ec2:CreateSecurityGroup"], "arn:aws:ec2:*:*:vpc/*"),
            allow(["ec2:CreateSecurityGroup", "ec2:CreateTags"], "arn:aws:ec2:*:*:security-group/*"),
            RoleName="Tocsin-Isolate",
        ),
    },
}


def call(name, service, operation, actions, parameters, kind="function"):
    principal = {"kind": kind, "name": name}
    return {**PLACE, "principal": principal, "service": service, "operation": operation, "actions": actions, "parameters": parameters}


PUT_ITEM = call("seal", "dynamodb", "PutItem", ["dynamodb:PutItem"], {"TableName": "incidents", "PartitionKey": "INCIDENT#"})
PUT_OBJECT = call(
    "seal", "s3", "PutObject", ["s3:PutObject", "kms:GenerateDataKey"], {"Bucket": "tocsin-vault-1x2y", "Key": "incidents/inc-1/manifest.json"}
)
START = call(
    "seal", "ssm", "StartAutomationExecution", ["ssm:StartAutomationExecution", "iam:PassRole"], {"DocumentName": "Tocsin-LockBucket"}
)
POLL = call("seal", "sqs", "ReceiveMessage", ["sqs:ReceiveMessage"], {"QueueUrl": "http://127.0.0.1/111122223333/findings"})
LOCK = call("Tocsin-LockBucket", "s3", "PutBucketPolicy", ["s3:PutBucketPolicy"], {"Bucket": "customers"}, kind="automation")
PERSON = call("alice", "s3", "DeleteBucket", ["s3:DeleteBucket"], {"Bucket": "customers"}, kind="human")
LOOK = call("Tocsin-Isolate", "ec2", "DescribeInstances", ["ec2:DescribeInstances"], {"InstanceId.1": "i-1"}, kind="automation")
GROUP = call(
    "Tocsin-Isolate", "ec2", "CreateSecurityGroup", ["ec2:CreateSecurityGroup", "ec2:CreateTags"], {"VpcId": "vpc-1"}, kind="automation"
)
ISOLATION = [LOOK, GROUP]
ASSUME = call("seal", "sts", "AssumeRole", ["sts:AssumeRole"], {"RoleArn": "arn:aws:iam::444455556666:role/Tocsin-Member-Seal"})
READ = call("seal", "ssm", "GetAutomationExecution", ["ssm:GetAutomationExecution"], {"AutomationExecutionId": "1"}) | {
    "role": "Tocsin-Member-Seal",
    "account": "444455556666",
    "region": "us-west-2",
}
MEMBER = [ASSUME, READ]
CALLS = [PUT_ITEM, PUT_OBJECT, START, POLL, LOCK, PERSON, *ISOLATION, *MEMBER]


def with_changed(call_, **changes):
    changed = copy.deepcopy(call_)
    changed.update(changes)
    return changed


def statement(template, role_id, number):
    return template["Resources"][role_id]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][number]


def test_what_fits_has_no_findings():
    assert compare(TEMPLATE, CALLS) == []


# name -> (calls beside or instead of the fitting ones, what must be found)
CALL_FAULTS = {
    "an action that the policy lacks": (
        [*CALLS, call("seal", "dynamodb", "Query", ["dynamodb:Query"], {"TableName": "incidents"})],
        ["function `seal`: `Query` needs `dynamodb:Query`, which its policy does not allow"],
    ),
    "an action that nothing uses": (
        [PUT_OBJECT, START, POLL, LOCK, *ISOLATION, *MEMBER],
        ["function `seal`: `dynamodb:PutItem` is allowed, but was never used"],
    ),
    "another table": (
        [*CALLS, with_changed(PUT_ITEM, parameters={"TableName": "customers"})],
        ["function `seal`: `dynamodb:PutItem` on `arn:aws:dynamodb:eu-central-1:111122223333:table/customers` is outside the resources that its policy names"],
    ),
    "another path": (
        [*CALLS, with_changed(PUT_OBJECT, parameters={"Bucket": "tocsin-vault-1x2y", "Key": "settings/organisation.json"})],
        ["function `seal`: `s3:PutObject` on `arn:aws:s3:::tocsin-vault-1x2y/settings/organisation.json` is outside the resources that its policy names"],
    ),
    "other keys of the table": (
        [*CALLS, with_changed(PUT_ITEM, parameters={"TableName": "incidents", "PartitionKey": "GATE#"})],
        ["function `seal`: `dynamodb:PutItem` on keys `GATE#` is outside the `LeadingKeys` of its policy"],
    ),
    "a key of another service": (
        [*CALLS, call("seal", "sns", "Publish", ["kms:Decrypt"], {})],
        ["function `seal`: `Publish` needs `kms:Decrypt`, which neither its policy nor the key's allows"],
    ),
    "another document, under another role": (
        [*CALLS, with_changed(START, parameters={"DocumentName": "Tocsin-ReverseIsolateInstance"})],
        [
            "function `seal`: `iam:PassRole` on `arn:aws:iam::111122223333:role/Tocsin-IsolateInstance` is outside the resources that its policy names",
            "function `seal`: `ssm:StartAutomationExecution` on `arn:aws:ssm:eu-central-1:111122223333:automation-definition/Tocsin-ReverseIsolateInstance:$DEFAULT` is outside the resources that its policy names",
        ],
    ),
    "an automation beyond its role": (
        [*CALLS, with_changed(LOCK, operation="DeleteBucket", actions=["s3:DeleteBucket"])],
        ["automation `Tocsin-LockBucket`: `DeleteBucket` needs `s3:DeleteBucket`, which its policy does not allow"],
    ),
    "an automation that is denied": (
        [*CALLS, with_changed(LOCK, parameters={"Bucket": "vault"})],
        ["automation `Tocsin-LockBucket`: `s3:PutBucketPolicy` on `arn:aws:s3:::vault` is denied by `NeverTheVault`"],
    ),
    "an automation on another kind of resource": (
        [*CALLS, with_changed(GROUP, operation="CreateTags", actions=["ec2:CreateTags"], parameters={"InstanceId": "i-1"})],
        [
            "automation `Tocsin-Isolate`: `ec2:CreateTags` on `arn:aws:ec2:eu-central-1:111122223333:instance/i-1`"
            " is outside the resources that its policy names"
        ],
    ),
    "a call in a member account by the function's own role": (
        [*CALLS, {name: value for name, value in READ.items() if name != "role"}],
        ["function `seal`: `GetAutomationExecution` needs `ssm:GetAutomationExecution`, which its policy does not allow"],
    ),
    "a member role beyond its policy": (
        [*CALLS, READ | {"operation": "StopAutomationExecution", "actions": ["ssm:StopAutomationExecution"]}],
        ["member role `Tocsin-Member-Seal`: `StopAutomationExecution` needs `ssm:StopAutomationExecution`, which its policy does not allow"],
    ),
    "the member role of another function": (
        [*CALLS, with_changed(ASSUME, parameters={"RoleArn": "arn:aws:iam::444455556666:role/Tocsin-Member-Start"})],
        ["function `seal`: `sts:AssumeRole` on `arn:aws:iam::444455556666:role/Tocsin-Member-Start` is outside the resources that its policy names"],
    ),
    "a function that never ran": (
        [LOCK, *ISOLATION, READ],
        ["function `seal`: was never seen at work"],
    ),
    "no calls at all": (
        [],
        [
            "function `seal`: was never seen at work",
            "member role `Tocsin-Member-Seal`: was never seen at work",
            "automation `Tocsin-LockBucket`: was never seen at work",
            "automation `Tocsin-Isolate`: was never seen at work",
        ],
    ),
}


@pytest.mark.parametrize("name", CALL_FAULTS)
def test_a_call_that_does_not_fit_is_found(name):
    calls, expected = CALL_FAULTS[name]
    assert compare(TEMPLATE, calls) == expected


def test_a_permission_too_many_is_found():
    template = copy.deepcopy(TEMPLATE)
    statement(template, "SealRole", 0)["Action"].append("dynamodb:DeleteItem")
    assert compare(template, CALLS) == ["function `seal`: `dynamodb:DeleteItem` is allowed, but was never used"]


def test_a_resource_too_many_is_found():
    template = copy.deepcopy(TEMPLATE)
    statements = template["Resources"]["SealRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    statements.append(allow("s3:PutObject", {"Fn::Sub": "${Vault.Arn}/settings/*"}))
    assert compare(template, CALLS) == [
        "function `seal`: `s3:PutObject` is allowed on arn:aws:s3:::*vault*/settings/*, but was never used there"
    ]


def test_a_wildcard_action_does_not_hide_what_is_unused():
    template = copy.deepcopy(TEMPLATE)
    statement(template, "SealRole", 0)["Action"] = ["dynamodb:PutItem", "dynamodb:Batch*"]
    assert compare(template, CALLS) == ["function `seal`: `dynamodb:Batch*` is allowed, but was never used"]


def test_a_permission_to_read_evidence_need_not_be_used():
    template = copy.deepcopy(TEMPLATE)
    own = template["Resources"]["MemberSealRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    own.append(allow(["kms:DescribeKey"], "*", Sid="EvidenceKms"))
    assert compare(template, CALLS) == []
    own[-1]["Sid"] = "ReadKeys"
    assert compare(template, CALLS) == ["member role `Tocsin-Member-Seal`: `kms:DescribeKey` is allowed, but was never used"]


REASONS = """
          Statement:
            # LookupEvents knows no resources.
            - Effect: Allow
              Action: [cloudtrail:LookupEvents]
              Resource: "*"
            - Sid: Key
              Effect: Allow
              Resource: "*" # in a key policy: this key
"""


def test_a_wildcard_with_a_reason_is_passed():
    assert wildcards_without_a_reason(REASONS, "t") == []


@pytest.mark.parametrize("resource", ['Resource: "*"', 'Resource: ["*"]', 'Resource: !Sub "arn:${AWS::Partition}:s3:::*"'])
def test_a_wildcard_without_a_reason_is_found(resource):
    text = REASONS.replace('            # LookupEvents knows no resources.\n', "").replace('Resource: "*"\n', f"{resource}\n", 1)
    assert wildcards_without_a_reason(text, "t") == [f"t:5: `{resource}` has no reason beside it or above its statement"]


@pytest.mark.parametrize("name", ["responder.yaml", "member.yaml", "console.yaml", "public.yaml", "privacy-requests.yaml"])
def test_our_wildcards_have_reasons(name):
    assert wildcards_without_a_reason((REPOSITORY / "infra" / name).read_text(encoding="utf-8"), name) == []
