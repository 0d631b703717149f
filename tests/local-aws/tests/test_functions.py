"""Functions: their own identity, their URL, the queue behind them, their output."""

import concurrent.futures
import json
import os
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from local_aws import function_output


def invoke(aws, name, event):
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def request(url, credentials=None, body=b'{"digest":"d"}', sign=None, method="POST"):
    """A request to a function URL, signed for `sign` when that differs from what is sent."""
    headers = {"content-type": "application/json"}
    if credentials:
        signed = botocore.awsrequest.AWSRequest(method=method, url=url, data=sign or body, headers=headers)
        keys = botocore.credentials.Credentials(
            credentials["access_key"], credentials["secret_key"], credentials.get("session_token")
        )
        botocore.auth.SigV4Auth(keys, "lambda", "eu-central-1").add_auth(signed)
        headers = dict(signed.headers.items())
    try:
        sent = urllib.request.Request(url, data=body, headers=headers, method=method)
        with urllib.request.urlopen(sent, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_calls_of_two_functions_are_told_apart(aws, stack):
    for name in ("echo", "other"):
        assert invoke(aws, name, {"call": {"service": "sts", "operation": "get_caller_identity"}})[0] is None
    for name in ("echo", "other"):
        calls = aws.calls("function", name)
        assert [call["operation"] for call in calls] == ["GetCallerIdentity"]
        assert calls[0]["actions"] == ["sts:GetCallerIdentity"]


def test_bucket_is_reached_and_recorded_without_its_content(aws, stack):
    parameters = {"Bucket": stack["Vault"], "Key": "by-a-function", "Body": "secret body"}
    error, answer = invoke(aws, "other", {"call": {"service": "s3", "operation": "put_object", "parameters": parameters}})
    assert (error, answer) == (None, {"status": 200})
    (call,) = [call for call in aws.calls("function", "other") if call["service"] == "s3"]
    assert call["actions"] == ["s3:PutObject", "kms:GenerateDataKey"]
    assert call["parameters"] == {"Bucket": stack["Vault"], "Key": "by-a-function"}
    assert "secret body" not in json.dumps(aws.calls())


def test_error_of_a_function_keeps_its_name(aws, stack):
    failure = {"errorType": "Incident.Transient", "errorMessage": "again"}
    assert invoke(aws, "echo", {"fail": failure}) == ("Unhandled", failure)


def test_output_is_kept_by_function(aws, stack):
    line = json.dumps({"_aws": {"CloudWatchMetrics": []}, "FindingsUnreadable": 1})
    invoke(aws, "echo", {"print": line})
    assert line in aws.function_log("echo").splitlines()
    assert line not in aws.function_log("other")


def test_output_is_whole_when_the_answer_is_given():
    """Also where nothing has read the pipe meanwhile, as on a machine with much else to do."""
    read, written = os.pipe()
    output = function_output.Output(os.fdopen(read, "rb"))
    lines = [f"line {number} {'x' * 50}" for number in range(1000)]
    for line in lines:
        os.write(written, f"{line}\n".encode())
    assert output.printed() == lines
    os.write(written, b"\r\nhalf")
    assert output.printed() == [""]
    os.close(written)
    assert output.printed() == ["half"]
    output.pump()
    assert output.printed() == []


def test_no_line_is_lost_or_another_calls(aws, stack):
    for number in range(50):
        lines = [json.dumps({"call": number, "line": line}) for line in range(3)]
        invoke(aws, "other", {"print": "\n".join(lines)})
        assert aws.function_log("other").splitlines()[-3:] == lines


def test_function_url_takes_only_signed_requests(aws, stack, unique):
    url = stack["EchoUrl"] + "decisions/1"
    assert request(url)[0] == 403
    counsel = aws.user(unique)
    status, answer = request(url, counsel)
    assert status == 200, answer
    assert answer["path"] == "/decisions/1" and json.loads(answer["body"]) == {"digest": "d"}
    assert answer["caller"]["userArn"] == f"arn:aws:iam::111122223333:user/{unique}"
    assert answer["caller"]["accessKey"] == counsel["access_key"] and answer["caller"]["accountId"] == "111122223333"
    assert set(answer["caller"]) >= {"callerId", "userId"}


def test_function_url_refuses_wrong_signatures(aws, stack, unique):
    url, counsel = stack["EchoUrl"], aws.user(unique)
    assert request(url, {**counsel, "secret_key": "wrong"})[0] == 403
    assert request(url, {**counsel, "access_key": "AKIAUNKNOWNUNKNOWN00"})[0] == 403
    assert request(url, counsel, sign=b'{"digest":"other"}')[0] == 403


def test_function_url_names_a_role_session(aws, stack, unique):
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    session = aws.assume_role(role, "mara")
    assert request(stack["EchoUrl"], session)[1]["caller"]["userArn"] == f"arn:aws:sts::111122223333:assumed-role/{unique}/mara"
    assert request(stack["EchoUrl"], {**session, "session_token": "forged"})[0] == 403


def test_failed_message_goes_to_the_dead_letter_queue_and_the_rest_goes_on(aws, stack):
    sqs = aws.client("sqs")
    bodies = ["good-1", "poison", "good-2"]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=stack["QueueUrl"], Entries=entries)

    def dead():
        return sqs.receive_message(QueueUrl=stack["DeadLetterQueueUrl"], AttributeNames=["All"]).get("Messages")

    (message,) = aws.wait_until(dead, 15, what="the dead letter")
    assert message["Body"] == "poison"
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=stack["QueueUrl"], AttributeNames=names)["Attributes"]
    assert left == {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
    polled = {call["operation"] for call in aws.calls("function", "batch")}
    assert polled == {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}


def test_ordered_api_fault_hits_one_principal_once(aws, stack):
    event = {"call": {"service": "sts", "operation": "get_caller_identity"}}
    aws.fail_call("sts", "GetCallerIdentity", "Throttling", principal="other")
    assert aws.client("sts").get_caller_identity()["Account"] == "111122223333"
    # boto3 in the function retries a throttled call once more, which then succeeds.
    assert invoke(aws, "other", event)[0] is None
    statuses = [call["status"] for call in aws.calls("function", "other") if call["service"] == "sts"]
    assert statuses[-2:] == [400, 200]


@pytest.mark.parametrize("event", [{"echo": None}, {"echo": [1, {"a": "b"}]}])
def test_answer_of_a_function(aws, stack, event):
    assert invoke(aws, "echo", event) == (None, event["echo"])


def test_a_function_runs_as_often_at_once_as_it_is_called(aws, stack, tmp_path):
    """Each run at the same time has a process of its own, as each has an execution environment on AWS."""
    event = {"meet": {"folder": str(tmp_path), "runs": 4}, "echo": "done"}
    with concurrent.futures.ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _: invoke(aws, "other", event), range(4)))
    assert answers == [(None, "done")] * 4


def test_a_queue_feeds_five_runs_at_once(aws, stack, tmp_path):
    """Batches that wait for each other: five are under way together, as Lambda begins with five."""
    bodies = [json.dumps({"meet": {"folder": str(tmp_path), "runs": 5}, "number": number}) for number in range(50)]
    sqs = aws.client("sqs")
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies[start : start + 10])]
        sqs.send_message_batch(QueueUrl=stack["QueueUrl"], Entries=entries)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty():
        left = sqs.get_queue_attributes(QueueUrl=stack["QueueUrl"], AttributeNames=names)["Attributes"]
        return set(left.values()) == {"0"}

    aws.wait_until(is_empty, 30, what="the end of the queue")
    assert len(os.listdir(tmp_path)) == 5
