"""A response that is interrupted where it rarely is: it takes up where it was, or takes back what it did."""

import datetime
import json


def test_run_that_cannot_be_followed_is_stopped_and_reversed(attack):
    """Both documents of the first wave are cut off in the middle: what they had done is taken back, from their own record."""
    response = attack()
    response.aws.fail_call("ssm", "GetAutomationExecution", "AccessDeniedException", times=2, principal="tocsin-verify-containment")
    response.publish()
    states = {(action["action"], action["pass"]): action["state"] for action in response.until_contained()}
    assert states["isolate-instance", 1] == "reversed"
    assert states["lock-bucket", 1] == "reversed"
    assert states["revoke-role-sessions", 1] == "contained"
    for target in (("isolate-instance", response.shop.instance), ("lock-bucket", response.shop.bucket)):
        assert response.account()[target] == response.before[target]
    ssm = response.aws.client("ssm")
    first = [action["automation"] for action in response.of("ACTION") if action["state"] == "reversed"]
    ends = [ssm.get_automation_execution(AutomationExecutionId=run)["AutomationExecution"]["AutomationExecutionStatus"] for run in first]
    assert "Cancelled" in ends


def test_evidence_that_was_put_but_not_recorded_is_not_put_twice(attack):
    """The table fails for as long as the SDK retries: the next call finds the object in the vault."""
    response = attack()
    fault = {"service": "dynamodb", "operation": "PutItem", "code": "InternalServerError", "status": 500}
    response.aws.fail_call(**fault, times=3, principal="tocsin-preserve-evidence")
    response.publish()
    response.until_gate()
    evidence = {path: versions for path, versions in response.vault().items() if path.startswith("evidence/")}
    assert evidence
    assert all(len(versions) == 1 for versions in evidence.values())
    assert "holds" in response.verify()
    assert response.pages() == []


def test_security_hub_is_told_that_the_response_ran(aws, tocsin, attack, reviewers):
    """A finding of Security Hub closes with its workflow status `NOTIFIED`."""
    response = attack()
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    product = f"arn:aws:securityhub:{aws.region}::product/aws/securityhub"
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{aws.region}:{aws.account}:security-control/S3.2/finding/{response.shop.bucket}",
        "ProductArn": product,
        "ProductName": "Security Hub",
        "GeneratorId": "security-control/S3.2",
        "AwsAccountId": aws.account,
        "Region": aws.region,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": now,
        "UpdatedAt": now,
        "Severity": {"Label": "CRITICAL"},
        "Title": "S3 general purpose buckets should block public read access",
        "Description": "Synthetic finding of a test.",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.2"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{response.shop.bucket}"}],
    }
    response.follow(json.dumps(finding))
    aws.put_securityhub_finding(finding)
    while not response.watch.has_ended():
        for review in response.records.waiting(response.incident):
            reviewers[0].approve(response, review)
        response.until_gate_or_ended()
    answer = aws.client("securityhub").get_findings(Filters={"Id": [{"Value": finding["Id"], "Comparison": "EQUALS"}]})
    assert [found["Workflow"]["Status"] for found in answer["Findings"]] == ["NOTIFIED"]
