"""GuardDuty, Security Hub, CloudTrail, the bus, mail: what Tocsin reads and writes beside its own resources."""

import json

import botocore.exceptions
import pytest

FINDING = {
    "SchemaVersion": "2018-10-08",
    "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/guardduty",
    "GeneratorId": "g",
    "AwsAccountId": "111122223333",
    "Types": ["TTPs/Credential Access"],
    "CreatedAt": "2026-01-01T00:00:00Z",
    "UpdatedAt": "2026-01-01T00:00:00Z",
    "Severity": {"Label": "HIGH"},
    "Title": "t",
    "Description": "d",
    "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::shop"}],
}


@pytest.fixture
def events(aws, stack):
    """A function that waits for the next event that mentions a text."""
    sqs = aws.client("sqs")

    def waited(text, seconds=5):
        def found():
            for message in sqs.receive_message(QueueUrl=stack["EventQueueUrl"], MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=stack["EventQueueUrl"], ReceiptHandle=message["ReceiptHandle"])
                if text in message["Body"]:
                    return json.loads(message["Body"])
            return None

        return aws.wait_until(found, seconds, what=f"the event of {text}")

    return waited


def test_only_services_publish_aws_events(aws, stack, events, unique):
    entry = {"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": json.dumps({"id": unique})}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    aws.publish_service_event({"source": "aws.macie", "detail-type": "Macie Finding", "detail": {"id": unique}})
    event = events(unique)
    assert (event["source"], event["account"], event["region"]) == ("aws.macie", "111122223333", "eu-central-1")


def test_guardduty_finding_is_published_and_read_back(aws, stack, events, unique):
    aws.put_guardduty_finding({"Id": unique, "Type": "Stealth:S3/X", "Severity": 8.0, "AccountId": "1", "Service": {"Count": 2}})
    event = events(unique)
    assert event["detail-type"] == "GuardDuty Finding"
    assert event["detail"]["id"] == unique and event["detail"]["service"] == {"count": 2, "archived": False}
    guardduty = aws.client("guardduty")
    (finding,) = guardduty.get_findings(DetectorId="d", FindingIds=[unique])["Findings"]
    assert finding["Severity"] == 8.0 and finding["Service"]["Archived"] is False
    guardduty.archive_findings(DetectorId="d", FindingIds=[unique])
    criterion = {
        "type": {"Equals": ["Stealth:S3/X"]},
        "service.archived": {"Equals": ["true"]},
        "severity": {"GreaterThanOrEqual": 7},
    }
    assert guardduty.list_findings(DetectorId="d", FindingCriteria={"Criterion": criterion})["FindingIds"] == [unique]


def test_security_hub_finding_is_imported_filtered_and_updated(aws, stack, events, unique):
    hub = aws.client("securityhub")
    other = f"{unique}-other"
    answer = hub.batch_import_findings(Findings=[{**FINDING, "Id": unique}, {**FINDING, "Id": other}])
    assert answer["SuccessCount"] == 2
    event = events(unique)
    assert event["detail-type"] == "Security Hub Findings - Imported" and len(event["detail"]["findings"]) == 1
    by_id = {"Id": [{"Value": unique, "Comparison": "EQUALS"}]}
    (found,) = hub.get_findings(Filters=by_id)["Findings"]
    assert found["Workflow"] == {"Status": "NEW"}
    identifiers = [{"Id": unique, "ProductArn": FINDING["ProductArn"]}, {"Id": "none", "ProductArn": "p"}]
    update = hub.batch_update_findings(FindingIdentifiers=identifiers, Workflow={"Status": "RESOLVED"})
    assert len(update["ProcessedFindings"]) == 1
    assert update["UnprocessedFindings"][0]["ErrorCode"] == "FindingNotFound"
    resolved = {
        "Id": [{"Value": unique, "Comparison": "PREFIX"}],
        "WorkflowStatus": [{"Value": "RESOLVED", "Comparison": "EQUALS"}],
    }
    assert [finding["Id"] for finding in hub.get_findings(Filters=resolved)["Findings"]] == [unique]
    hub.batch_import_findings(Findings=[{**FINDING, "Id": unique}])
    (found,) = hub.get_findings(Filters=by_id)["Findings"]
    assert found["Workflow"] == {"Status": "RESOLVED"}, "an import must not undo an analyst's decision"
    with pytest.raises(botocore.exceptions.ClientError, match="does not filter findings by Keyword"):
        hub.get_findings(Filters={"Keyword": [{"Value": "x"}]})


def test_guardduty_lists_by_time_page_by_page_in_its_region(aws, unique):
    place = {"region": "us-west-2"}
    for minute in (3, 1, 2, 4):
        finding = {"id": f"{unique}-{minute}", "type": unique, "updatedAt": f"2026-01-01T00:0{minute}:00.000Z"}
        aws.put_guardduty_finding(finding, **place)
    criterion = {"type": {"Equals": [unique]}, "updatedAt": {"GreaterThanOrEqual": 1767225720000}}
    request = {"DetectorId": "d", "FindingCriteria": {"Criterion": criterion}, "MaxResults": 2}
    request["SortCriteria"] = {"AttributeName": "updatedAt", "OrderBy": "ASC"}
    guardduty = aws.client("guardduty", region="us-west-2")
    first = guardduty.list_findings(**request)
    assert first["FindingIds"] == [f"{unique}-2", f"{unique}-3"]
    second = guardduty.list_findings(**request, NextToken=first["NextToken"])
    assert (second["FindingIds"], second["NextToken"]) == ([f"{unique}-4"], "")
    assert aws.client("guardduty").list_findings(**request)["FindingIds"] == [], "another region has its own"
    with pytest.raises(botocore.exceptions.ClientError, match="another request"):
        guardduty.list_findings(**{**request, "MaxResults": 3}, NextToken=first["NextToken"])


def test_security_hub_lists_by_time_page_by_page(aws, unique):
    hub = aws.client("securityhub")
    for minute in (3, 1, 2):
        aws.put_securityhub_finding({**FINDING, "Id": f"{unique}-{minute}", "UpdatedAt": f"2026-01-01T00:0{minute}:00Z"})
    filters = {
        "Id": [{"Value": unique, "Comparison": "PREFIX"}],
        "UpdatedAt": [{"Start": "2026-01-01T00:00:00.000Z", "End": "2026-01-01T01:00:00.000Z"}],
    }
    pages = hub.get_paginator("get_findings").paginate(
        Filters=filters, SortCriteria=[{"Field": "UpdatedAt", "SortOrder": "desc"}], PaginationConfig={"PageSize": 2}
    )
    assert [[finding["Id"][-1] for finding in page["Findings"]] for page in pages] == [["3", "2"], ["1"]]


def test_cut_bus_loses_what_services_publish(aws, stack, events, unique):
    with aws.bus_cut():
        aws.put_guardduty_finding({"id": f"{unique}-lost", "type": "Stealth:S3/X"})
    aws.put_guardduty_finding({"id": f"{unique}-heard", "type": "Stealth:S3/X"})
    assert events(unique)["detail"]["id"] == f"{unique}-heard"
    found = aws.client("guardduty").get_findings(DetectorId="d", FindingIds=[f"{unique}-lost"])["Findings"]
    assert [finding["Id"] for finding in found] == [f"{unique}-lost"]


def test_cloudtrail_shows_what_a_principal_did(aws, unique):
    user = aws.user(unique)
    s3 = aws.client("s3", credentials=user)
    bucket = f"{unique}-bucket"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.get_bucket_acl(Bucket=bucket)
    trail = aws.client("cloudtrail")

    def lookup(key, value):
        attributes = [{"AttributeKey": key, "AttributeValue": value}]
        return trail.lookup_events(LookupAttributes=attributes)["Events"]

    assert [event["EventName"] for event in lookup("AccessKeyId", user["access_key"])] == ["GetBucketAcl", "CreateBucket"]
    assert {event["Username"] for event in lookup("ResourceName", bucket)} == {unique}
    detail = json.loads(lookup("Username", unique)[0]["CloudTrailEvent"])
    assert detail["userIdentity"]["type"] == "IAMUser" and detail["requestParameters"] == {"Bucket": bucket}


def test_planted_cloudtrail_event_is_found(aws, unique):
    identity = {"type": "AssumedRole", "arn": f"arn:aws:sts::111122223333:assumed-role/r/{unique}", "accessKeyId": "ASIAX"}
    event = {"userIdentity": identity, "eventTime": "2026-01-01T00:00:00Z", "eventName": "ListBuckets"}
    aws.put_cloudtrail_event({**event, "eventSource": "s3.amazonaws.com", "requestParameters": None})
    attributes = [{"AttributeKey": "Username", "AttributeValue": unique}]
    assert len(aws.client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]) == 1


def test_mail_can_be_read_back(aws, unique):
    ses = aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="privacy@shop.example")
    body = {"Text": {"Data": "text"}, "Html": {"Data": "<p>text</p>"}}
    ses.send_email(
        FromEmailAddress="privacy@shop.example",
        Destination={"ToAddresses": ["authority@example.org"]},
        Content={"Simple": {"Subject": {"Data": unique}, "Body": body}},
    )
    (mail,) = [mail for mail in aws.mail() if unique in json.dumps(mail)]
    assert (mail["BodyText"], mail["BodyHtml"], mail["To"]) == ("text", "<p>text</p>", ["authority@example.org"])
    assert [call["actions"] for call in aws.calls() if call["operation"] == "SendEmail"][-1] == ["ses:SendEmail"]


def test_accounts_and_regions_are_apart(aws, unique):
    elsewhere = aws.client("ec2", account="444455556666", region="us-west-2")
    group = elsewhere.create_security_group(GroupName=unique, Description="d")["GroupId"]
    owner = elsewhere.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["OwnerId"]
    assert owner == "444455556666"
    with pytest.raises(botocore.exceptions.ClientError):
        aws.client("ec2").describe_security_groups(GroupIds=[group])


def test_instance_of_a_finding_can_exist(aws):
    aws.next_instance_id("i-99999999")
    ec2 = aws.client("ec2")
    instances = ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)["Instances"]
    assert "i-99999999" in {instance["InstanceId"] for instance in instances}


def test_snapshots_of_all_volumes_in_one_call(aws):
    ec2 = aws.client("ec2")
    devices = [{"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 4}}]
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, BlockDeviceMappings=devices)["Instances"][0]
    answer = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance["InstanceId"], "ExcludeBootVolume": False})
    attached = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}])["Volumes"]
    assert {snapshot["VolumeId"] for snapshot in answer["Snapshots"]} == {volume["VolumeId"] for volume in attached}


def test_security_group_in_use_cannot_be_deleted(aws, unique):
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=unique, Description="d", VpcId=vpc)["GroupId"]
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]
    interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    egress = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert len(egress) == 1, "a new group is not deny-all"
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[group])
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]["Groups"]
    assert [found["GroupId"] for found in shown] == [group]
    with pytest.raises(botocore.exceptions.ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
