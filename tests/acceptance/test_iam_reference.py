"""The check of policies against the IAM reference: each kind of mistake that AWS would answer with a refusal is found."""

import pytest
from iam_reference import check, overlap


def policy(action, resource="*", condition=None, effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource, "Condition": condition or {}}
    document = {"Statement": [statement]}
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}}}}


TABLE = "arn:aws:dynamodb:*:*:table/incidents"
LEADING = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["INCIDENT#*"]}}


@pytest.mark.parametrize(
    "template",
    [
        policy(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE, LEADING),
        policy("cloudtrail:LookupEvents"),
        policy("s3:GetObject", {"Fn::Sub": "arn:${AWS::Partition}:s3:::vault/settings/organisation.json"}),
        policy(["s3:GetBucketPolicy", "s3:ListBucketVersions"], "arn:aws:s3:::*", {"StringEquals": {"aws:ResourceAccount": "1"}}),
        policy("iam:PassRole", "arn:aws:iam::1:role/Tocsin-LockBucket", {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}),
        policy("states:SendTaskSuccess", "arn:aws:states:eu-central-1:1:stateMachine:tocsin-notification"),
    ],
)
def test_what_aws_understands_is_passed(template):
    assert check(template) == []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (policy("dynamodb:GetItems", TABLE), "Role: there is no action `dynamodb:GetItems`"),
        (policy("dynamo:GetItem", TABLE), "Role: there is no action `dynamo:GetItem`"),
        (policy("s3:ListObjectVersions", "arn:aws:s3:::vault"), "Role: there is no action `s3:ListObjectVersions`"),
        (
            policy("guardduty:GetFindings", "arn:aws:guardduty:*:1:detector/*"),
            "Role: `guardduty:GetFindings` knows no resources: with anything but `*`, AWS refuses every call",
        ),
        (
            policy("s3:GetObject", "arn:aws:s3:::vault"),
            "Role: `s3:GetObject` is never asked for arn:aws:s3:::vault, only for arn:${Partition}:s3:::${BucketName}/${ObjectName}",
        ),
        (
            policy("s3:ListBucket", "arn:aws:s3:::vault/*"),
            "Role: `s3:ListBucket` is never asked for arn:aws:s3:::vault/*, only for arn:${Partition}:s3:::${BucketName}",
        ),
        (
            policy("states:StartExecution", ["arn:aws:states:*:1:stateMachine:a", "arn:aws:states:*:1:execution:a:*"]),
            "Role: no action of the statement is asked for `arn:aws:states:*:1:execution:a:*`",
        ),
        (policy("sns:Publish", "arn:aws:sns:*:1:t", LEADING), "Role: `sns:Publish` never sees the condition key `dynamodb:LeadingKeys`"),
        (policy("s3:PutObjects", effect="Deny"), "Role: there is no action `s3:PutObjects`"),
    ],
)
def test_what_aws_would_refuse_is_found(template, expected):
    assert expected in check(template)


@pytest.mark.parametrize(
    ("pattern", "written", "expected"),
    [
        ("arn:aws:s3:::vault/*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:::*", "arn:${Partition}:s3:::${BucketName}", True),
        ("arn:aws:s3:::vault/*", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:aws:sqs:*:*:queue", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True),
        ("arn:aws:sqs:*:*:queue", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}", False),
    ],
)
def test_patterns_and_formats(pattern, written, expected):
    assert overlap(pattern, written) is expected


def bucket_policy(action, condition=None):
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"} | ({"Condition": condition} if condition else {})
    return {"Resources": {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (bucket_policy("s3:PutObject", {"Null": {"s3:if-none-match": "true"}}), []),
        (bucket_policy("s3:PutObjectLock"), ["Policy: there is no action `s3:PutObjectLock`"]),
        (
            bucket_policy("s3:PutObject", {"Null": {"s3:if-nothing-matches": "true"}}),
            ["Policy: `s3:PutObject` never sees the condition key `s3:if-nothing-matches`"],
        ),
        (
            {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [{"Effect": "Allow", "Action": ["kms:Open"]}]}}}}},
            ["Key: there is no action `kms:Open`"],
        ),
    ],
)
def test_what_a_policy_of_a_bucket_or_key_names_exists(template, expected):
    assert check(template) == expected
