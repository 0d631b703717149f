"""What evidence is read with, where the emulators lack it: histories that tests put in, and settings that are kept."""

import urllib.error
import urllib.request

import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def item(name: str, at: str, **more) -> dict:
    shown = {"resourceType": "AWS::S3::Bucket", "resourceId": name, "resourceName": name, "configurationItemCaptureTime": at}
    return shown | {"configurationItemStatus": "OK"} | more


def test_config_has_the_history_that_was_put_in(aws, unique):
    config = aws.client("config")
    for at in ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"):
        aws.put_configuration_item(item(unique, at))
    aws.put_configuration_item(item(unique, "2026-01-05T00:00:00Z", configurationItemStatus="ResourceDeleted"))
    wanted = {"resourceType": "AWS::S3::Bucket", "resourceName": unique}
    assert config.list_discovered_resources(**wanted)["resourceIdentifiers"] == []
    (found,) = config.list_discovered_resources(**wanted, includeDeletedResources=True)["resourceIdentifiers"]
    assert found["resourceId"] == unique
    resource = {"resourceType": "AWS::S3::Bucket", "resourceId": unique}
    pages = config.get_paginator("get_resource_config_history").paginate(**resource, limit=2)
    times = [one["configurationItemCaptureTime"].day for page in pages for one in page["configurationItems"]]
    assert times == [5, 3, 1]
    (before,) = config.get_resource_config_history(**resource, laterTime="2026-01-04T00:00:00Z", limit=1)["configurationItems"]
    assert before["configurationItemCaptureTime"].day == 3
    with pytest.raises(botocore.exceptions.ClientError, match="ResourceNotDiscoveredException"):
        config.get_resource_config_history(**resource | {"resourceId": "other"})


def test_macie_lists_the_findings_of_a_bucket_by_page(aws, unique):
    macie = aws.client("macie2")
    for number in range(3):
        bucket = {"s3Bucket": {"name": unique}}
        aws.put_macie_finding({"id": f"{unique}-{number}", "updatedAt": f"2026-01-0{number + 1}T00:00:00Z", "resourcesAffected": bucket})
    criteria = {"criterion": {"resourcesAffected.s3Bucket.name": {"eq": [unique]}}}
    order = {"attributeName": "updatedAt", "orderBy": "DESC"}
    pages = macie.get_paginator("list_findings").paginate(findingCriteria=criteria, sortCriteria=order, PaginationConfig={"PageSize": 2})
    found = [page["findingIds"] for page in pages]
    assert found == [[f"{unique}-2", f"{unique}-1"], [f"{unique}-0"]]
    assert [one["id"] for one in macie.get_findings(findingIds=found[1])["findings"]] == found[1]
    assert macie.describe_buckets(criteria={"bucketName": {"eq": [unique]}})["buckets"] == [{"bucketName": unique}]


def test_access_analyzer_has_what_was_put_in(aws, unique):
    place = {"account": "777700000001"}
    analyzer = aws.client("accessanalyzer", **place)
    assert analyzer.list_analyzers()["analyzers"] == []
    aws.put_access_analyzer_finding({"id": unique, "resource": f"arn:aws:s3:::{unique}"}, **place)
    (arn,) = [one["arn"] for one in analyzer.list_analyzers()["analyzers"]]
    ask = lambda text: analyzer.list_findings_v2(analyzerArn=arn, filter={"resource": {"contains": [text]}})["findings"]  # noqa: E731
    assert [one["id"] for one in ask(unique)] == [unique]
    assert ask("other") == []


def test_waf_keeps_where_it_logs_to(aws, unique):
    waf = aws.client("wafv2")
    arn = f"arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/{unique}/0"
    with pytest.raises(botocore.exceptions.ClientError, match="WAFNonexistentItemException"):
        waf.get_logging_configuration(ResourceArn=arn)
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": arn, "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-1"]})
    assert waf.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]["LogDestinationConfigs"] == ["arn:aws:s3:::aws-waf-logs-1"]


def test_public_access_of_an_account_is_kept(aws):
    def ask(method: str, body: bytes = b"") -> tuple[int, str]:
        url = f"{aws.endpoint}/v20180820/configuration/publicAccessBlock"
        signed = AWSRequest(method, url, headers={"x-amz-account-id": aws.account}, data=body)
        SigV4Auth(Credentials(aws.state["access_key"], aws.state["secret_key"]), "s3", aws.region).add_auth(signed)
        request = urllib.request.Request(url, data=body or None, method=method, headers=dict(signed.headers))
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    status, text = ask("GET")
    assert (status, "NoSuchPublicAccessBlockConfiguration" in text) == (404, True)
    block = b"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
    assert ask("PUT", block)[0] == 200
    assert "<BlockPublicAcls>true</BlockPublicAcls>" in ask("GET")[1]
    calls = [call for call in aws.calls() if call["service"] == "s3control"]
    assert (calls[0]["operation"], calls[0]["actions"]) == ("GetPublicAccessBlock", ["s3:GetAccountPublicAccessBlock"])


def test_names_that_were_asked_for_are_logged_by_a_configuration(aws, unique):
    resolver = aws.client("route53resolver")
    arn = f"arn:aws:logs:eu-central-1:111122223333:log-group:/{unique}"
    made = resolver.create_resolver_query_log_config(Name=unique, DestinationArn=arn, CreatorRequestId=unique)
    identifier = made["ResolverQueryLogConfig"]["Id"]
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=identifier, ResourceId=vpc)
    ask = {"Filters": [{"Name": "ResourceId", "Values": [vpc]}]}
    (found,) = resolver.list_resolver_query_log_config_associations(**ask)["ResolverQueryLogConfigAssociations"]
    assert found["ResolverQueryLogConfigId"] == identifier
    assert resolver.get_resolver_query_log_config(ResolverQueryLogConfigId=identifier)["ResolverQueryLogConfig"]["DestinationArn"] == arn


def test_an_instance_has_a_screen(aws):
    ec2 = aws.client("ec2")
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert ec2.get_console_screenshot(InstanceId=instance)["ImageData"].startswith("R0lGOD")
