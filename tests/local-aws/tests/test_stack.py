"""What CloudFormation makes of a template, where ministack alone would drop or refuse it."""

import json

import botocore.exceptions
import pytest

from local_aws.deploy import DeployFailed
from local_aws.template import TemplateError, expand


def test_included_policy_is_resolved(aws, stack):
    policy = aws.client("iam").get_role_policy(RoleName="Quarantine", PolicyName="grants")["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == "arn:aws:s3:::111122223333-hello/*"


def test_definition_and_substitutions_reach_the_state_machine(aws, stack):
    definition = json.loads(aws.client("stepfunctions").describe_state_machine(stateMachineArn=stack["Machine"])["definition"])
    assert definition["States"]["Echo"]["Arguments"]["FunctionName"] == stack["EchoFunctionArn"]


def test_evidence_cannot_be_deleted(aws, stack):
    s3 = aws.client("s3")
    version = s3.put_object(Bucket=stack["Vault"], Key="evidence", Body=b"x")["VersionId"]
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=stack["Vault"], Key="evidence", VersionId=version)
    with pytest.raises(botocore.exceptions.ClientError):
        s3.put_object_retention(
            Bucket=stack["Vault"],
            Key="evidence",
            VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": "2020-01-01T00:00:00Z"},
        )


def test_bucket_has_what_the_template_says(aws, stack):
    s3, bucket = aws.client("s3"), stack["Vault"]
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": stack["VaultKey"]}
    assert rule["BucketKeyEnabled"] is True
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 1}
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Sid"] == "Tls"
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_profile_of_the_stack_can_be_associated(aws, stack, unique):
    ec2, iam = aws.client("ec2"), aws.client("iam")
    iam.create_instance_profile(InstanceProfileName=unique)
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": unique})
    filters = [{"Name": "instance-id", "Values": [instance]}]
    (before,) = ec2.describe_iam_instance_profile_associations(Filters=filters)["IamInstanceProfileAssociations"]
    ec2.replace_iam_instance_profile_association(AssociationId=before["AssociationId"], IamInstanceProfile={"Name": "Quarantine"})
    (after,) = ec2.describe_iam_instance_profile_associations(Filters=filters)["IamInstanceProfileAssociations"]
    assert after["IamInstanceProfile"]["Arn"].endswith(":instance-profile/Quarantine")
    assert after["AssociationId"] != before["AssociationId"]
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert shown["IamInstanceProfile"]["Arn"] == after["IamInstanceProfile"]["Arn"]
    with pytest.raises(botocore.exceptions.ClientError, match="not found"):
        ec2.replace_iam_instance_profile_association(
            AssociationId=after["AssociationId"], IamInstanceProfile={"Name": "no-such-profile"}
        )


def test_document_of_the_stack_is_there(aws, stack):
    assert aws.client("ssm").describe_document(Name="Included")["Document"]["SchemaVersion"] == "0.3"


def test_failed_resource_is_named(aws, unique, tmp_path):
    template = {
        "Resources": {
            "Broken": {
                "Type": "AWS::SSM::Document",
                "Properties": {
                    "Name": unique,
                    "DocumentType": "Automation",
                    "Content": {"schemaVersion": "0.3", "mainSteps": [{"name": "a", "action": "aws:approve", "inputs": {}}]},
                },
            }
        }
    }
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(template))
    with pytest.raises(DeployFailed, match=r"Broken \(AWS::SSM::Document\).*does not run `aws:approve`"):
        aws.deploy(unique, path)


def test_unknown_bucket_property_is_refused(aws, unique, tmp_path):
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"ReplicationConfiguration": {}}}
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps({"Resources": {"Bucket": bucket}}))
    with pytest.raises(DeployFailed, match="ReplicationConfiguration"):
        aws.deploy(unique, path)


def test_stack_can_be_updated(aws, unique, tmp_path):
    path = tmp_path / "template.yaml"
    for retention in (1, 3):
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": unique, "DelaySeconds": retention}}
        path.write_text(json.dumps({"Resources": {"Queue": queue}, "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}))
        outputs = aws.deploy(unique, path)
        attributes = aws.client("sqs").get_queue_attributes(QueueUrl=outputs["Url"], AttributeNames=["DelaySeconds"])
        assert attributes["Attributes"]["DelaySeconds"] == str(retention)


def test_short_intrinsics_in_an_include_are_refused_by_line(tmp_path):
    (tmp_path / "part.yaml").write_text("Version: '2012-10-17'\nStatement: !Sub x\n")
    include = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "part.yaml"}}}
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": {"A": {"Type": "X", "Properties": include}}}))
    with pytest.raises(TemplateError, match=r"part\.yaml: line 2: `!Sub` is not understood"):
        expand(tmp_path / "template.yaml")


def test_function_without_a_build_says_what_to_do(aws, unique, tmp_path):
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"CodeUri": "nowhere/", "Runtime": "provided.al2023", "Handler": "x"},
    }
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Lonely": function}}))
    with pytest.raises(DeployFailed, match="no `bootstrap` for `Lonely`; run `make build` first"):
        aws.deploy(unique, path)
