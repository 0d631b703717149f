"""SSM Automation: what each kind of step does, how steps follow each other, how an automation ends."""

import json
import time

import botocore.exceptions
import pytest
from conftest import SSM_TRUST, finished


def script(name, body, payload=None, outputs=(), **settings):
    text = "import boto3, json, os, time\ndef handler(events, context):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    inputs = {"Runtime": "python3.11", "Handler": "handler", "Script": text}
    if payload is not None:
        inputs["InputPayload"] = payload
    found = [{"Name": output, "Selector": f"$.Payload.{output}", "Type": kind} for output, kind in outputs]
    return {"name": name, "action": "aws:executeScript", "inputs": inputs, "outputs": found, **settings}


def api(name, service, operation, outputs=(), settings=None, **parameters):
    found = [{"Name": output, "Selector": selector, "Type": kind} for output, selector, kind in outputs]
    inputs = {"Service": service, "Api": operation, **parameters}
    return {"name": name, "action": "aws:executeAwsApi", "inputs": inputs, "outputs": found, **(settings or {})}


def step_of(execution, name):
    return next(step for step in execution["StepExecutions"] if step["StepName"] == name)


def ran(execution):
    return [(step["StepName"], step["StepStatus"]) for step in execution["StepExecutions"]]


FAIL = "raise ValueError('no')"
PASS = "return {}"


def test_api_call_with_outputs_and_references(automate, aws, unique):
    steps = [
        api(
            "Make", "sqs", "CreateQueue", [("Url", "$.QueueUrl", "String")], QueueName="{{ Name }}-{{ automation:EXECUTION_ID }}"
        ),
        api("Tag", "sqs", "TagQueue", QueueUrl="{{ Make.Url }}", Tags={"region": "{{ global:REGION }}"}),
        api("Show", "sqs", "list_queue_tags", [("Tags", "$.Tags", "StringMap")], QueueUrl="{{ Make.Url }}"),
    ]
    ended = automate(steps, {"Name": [unique]}, {"Name": {"type": "String"}}, outputs=["Show.Tags", "Make.Url"])
    assert ended["AutomationExecutionStatus"] == "Success", ended.get("FailureMessage")
    assert ended["Outputs"]["Show.Tags"] == ['{"region":"eu-central-1"}']
    assert ended["Outputs"]["Make.Url"][0].endswith(f"{unique}-{ended['AutomationExecutionId']}")
    assert ended["Parameters"]["Name"] == [unique]
    assert {call["operation"] for call in aws.calls("automation", "Automation")} >= {"CreateQueue", "TagQueue", "ListQueueTags"}


def test_lists_keep_their_type_and_become_lists_of_strings(automate):
    steps = [
        api("Find", "ec2", "DescribeVpcs", [("Ids", "$.Vpcs[*].VpcId", "StringList"), ("All", "$.Vpcs", "MapList")]),
        api("Use", "ec2", "DescribeVpcs", [("First", "$.Vpcs[0].CidrBlock", "String")], VpcIds="{{ Find.Ids }}"),
    ]
    ended = automate(steps, outputs=["Find.Ids", "Use.First"])
    assert ended["Outputs"]["Find.Ids"][0].startswith("vpc-") and ended["Outputs"]["Use.First"] == ["172.31.0.0/16"]
    assert json.loads(step_of(ended, "Find")["Outputs"]["All"][0])["CidrBlock"] == "172.31.0.0/16"


def test_refused_call_fails_the_step_with_the_services_reason(automate):
    ended = automate([api("Get", "iam", "GetRole", RoleName="no-such-role"), api("After", "iam", "ListRoles")])
    assert ended["AutomationExecutionStatus"] == "Failed" and ran(ended) == [("Get", "Failed")]
    assert "NoSuchEntity" in step_of(ended, "Get")["FailureMessage"] and "NoSuchEntity" in ended["FailureMessage"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (api("A", "iam", "GetRolle", RoleName="x"), "no operation `GetRolle`"),
        (api("A", "iamm", "GetRole", RoleName="x"), "no service `iamm`"),
        (api("A", "iam", "GetRole", Role="x"), "Missing required parameter"),
    ],
)
def test_misspelt_call_fails(automate, step, reason):
    assert reason in automate([step])["FailureMessage"]


def test_script_runs_as_the_role_with_its_payload(automate):
    body = "identity = boto3.client('sts').get_caller_identity()\nprint('printed')\nreturn {'Arn': identity['Arn'], 'Sum': sum(events['Numbers'])}"
    outputs = [("Arn", "String"), ("Sum", "Integer")]
    ended = automate([script("Run", body, {"Numbers": [1, 2]}, outputs)], outputs=["Run.Arn", "Run.Sum"])
    assert ended["Outputs"]["Run.Arn"][0].startswith("arn:aws:sts::111122223333:assumed-role/Automation/")
    assert ended["Outputs"]["Run.Sum"] == ["3"]
    assert step_of(ended, "Run")["Outputs"]["ExecutionLog"] == ["printed\n"]


def test_scripts_share_nothing(automate):
    steps = [script("First", "os.environ['LEFT'] = 'x'\nboto3.left = 1\nreturn {}")]
    steps += [
        script("Second", "return {'Left': str('LEFT' in os.environ or hasattr(boto3, 'left'))}", outputs=[("Left", "String")])
    ]
    assert automate(steps, outputs=["Second.Left"])["Outputs"]["Second.Left"] == ["False"]


def test_failed_script_shows_its_traceback(automate):
    message = automate([script("Run", "raise KeyError('lost')")])["FailureMessage"]
    assert "KeyError: 'lost'" in message and "line 3" in message


def test_answer_of_another_type_fails_the_step(automate):
    message = automate([script("Run", "return {'Before': {'a': 1}}", outputs=[("Before", "String")])])["FailureMessage"]
    assert "the output `Before` is declared as `String`, the value is a dict" in message


def test_script_that_takes_too_long_is_ended(automate):
    started = time.monotonic()
    ended = automate([script("Run", "time.sleep(30)\nreturn {}", timeoutSeconds=1)])
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("TimedOut", [("Run", "TimedOut")])
    assert time.monotonic() - started < 25, "it slept to its end"


def test_on_failure_continue_is_not_critical_by_default(automate):
    ended = automate([script("A", FAIL, onFailure="Continue"), script("B", PASS)])
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Success", [("A", "Failed"), ("B", "Success")])


def test_on_failure_continue_of_a_critical_step_ends_failed(automate):
    ended = automate([script("A", FAIL, onFailure="Continue", isCritical=True), script("B", PASS)])
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Failed", [("A", "Failed"), ("B", "Success")])


def test_on_failure_goes_to_a_step(automate):
    steps = [script("A", FAIL, onFailure="step:Clean"), script("B", PASS, isEnd=True), script("Clean", PASS)]
    ended = automate(steps)
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Failed", [("A", "Failed"), ("Clean", "Success")])


def test_next_step_and_end(automate):
    steps = [script("A", PASS, nextStep="C"), script("B", PASS), script("C", PASS, isEnd=True), script("D", PASS)]
    assert [name for name, _ in ran(automate(steps))] == ["A", "C"]


def test_attempts(automate, aws, unique):
    aws.client("sqs").create_queue(QueueName=unique)
    body = (
        "sqs = boto3.client('sqs')\n"
        f"url = sqs.get_queue_url(QueueName='{unique}')['QueueUrl']\n"
        "tags = sqs.list_queue_tags(QueueUrl=url).get('Tags', {})\n"
        "sqs.tag_queue(QueueUrl=url, Tags={'n': str(int(tags.get('n', '0')) + 1)})\n"
        "if int(tags.get('n', '0')) < 2: raise ValueError('again')\n"
        "return {}"
    )
    assert automate([script("A", body, maxAttempts=3)])["AutomationExecutionStatus"] == "Success"


@pytest.mark.parametrize(
    ("choice", "value", "goes"),
    [
        ({"Variable": "{{ V }}", "StringEquals": "a"}, "a", "Yes"),
        ({"Variable": "{{ V }}", "StringEquals": "a"}, "b", "No"),
        ({"Not": {"Variable": "{{ V }}", "StartsWith": "a"}}, "b", "Yes"),
        (
            {"And": [{"Variable": "{{ V }}", "NumericGreater": 3}, {"Variable": "{{ V }}", "NumericLesserOrEquals": 5}]},
            "5",
            "Yes",
        ),
        ({"Or": [{"Variable": "{{ V }}", "EndsWith": "x"}, {"Variable": "{{ V }}", "Contains": "b"}]}, "abc", "Yes"),
        ({"Variable": "{{ V }}", "EqualsIgnoreCase": "TRUE"}, "true", "Yes"),
        ({"Variable": "{{ V }}", "BooleanEquals": True}, "true", "Yes"),
    ],
)
def test_branch(automate, unique, choice, value, goes):
    branch = {"name": "Is", "action": "aws:branch", "inputs": {"Choices": [{**choice, "NextStep": "Yes"}], "Default": "No"}}
    steps = [branch, script("No", PASS, isEnd=True), script("Yes", PASS, isEnd=True)]
    assert ran(automate(steps, {"V": [value]}, {"V": {"type": "String"}}))[1][0] == goes


def test_branch_without_a_way_on_fails(automate):
    branch = {
        "name": "Is",
        "action": "aws:branch",
        "inputs": {"Choices": [{"Variable": "a", "StringEquals": "b", "NextStep": "Yes"}]},
    }
    assert "no choice holds" in automate([branch, script("Yes", PASS)])["FailureMessage"]


def test_wait_and_assert_read_the_real_state(automate, aws, unique):
    iam = aws.client("iam")
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument="{}", Description="old")
    look = {"Service": "iam", "Api": "GetRole", "RoleName": unique, "PropertySelector": "$.Role.Description"}
    wait = {
        "name": "Wait",
        "action": "aws:waitForAwsResourceProperty",
        "timeoutSeconds": 8,
        "inputs": {**look, "DesiredValues": ["new"]},
    }
    check = {"name": "Check", "action": "aws:assertAwsResourceProperty", "inputs": {**look, "DesiredValues": ["other"]}}
    execution = automate([wait, check], wait=False)
    time.sleep(0.3)
    assert (
        aws.client("ssm").get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]["CurrentStepName"]
        == "Wait"
    )
    iam.update_role(RoleName=unique, Description="new")
    ended = finished(aws, execution)
    assert ran(ended) == [("Wait", "Success"), ("Check", "Failed")]
    assert "is `new`, not in ['other']" in ended["FailureMessage"]


def test_wait_times_out(automate):
    look = {
        "Service": "iam",
        "Api": "GetRole",
        "RoleName": "none",
        "PropertySelector": "$.Role.Description",
        "DesiredValues": ["x"],
    }
    ended = automate([{"name": "Wait", "action": "aws:waitForAwsResourceProperty", "timeoutSeconds": 1, "inputs": look}])
    assert ended["AutomationExecutionStatus"] == "TimedOut"


def test_stop_ends_a_sleep(automate, aws):
    execution = automate(
        [{"name": "Sleep", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}, script("B", PASS)], wait=False
    )
    ssm = aws.client("ssm")
    aws.wait_until(lambda: ssm.describe_automation_step_executions(AutomationExecutionId=execution)["StepExecutions"])
    ssm.stop_automation_execution(AutomationExecutionId=execution)
    ended = finished(aws, execution)
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Cancelled", [("Sleep", "Cancelled")])
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidAutomationStatusUpdate"):
        ssm.stop_automation_execution(AutomationExecutionId=execution)


def test_output_of_a_step_that_did_not_run(automate):
    ended = automate([script("A", FAIL), script("B", "return {'O': 'x'}", outputs=[("O", "String")])], outputs=["B.O"])
    assert ended["Outputs"]["B.O"] == ["No output available yet because the step is not successfully executed"]


def test_same_token_joins(automate, aws, unique):
    token = "11111111-2222-4333-8444-" + unique[1:].rjust(12, "0")
    steps, declared = [script("A", PASS)], {"V": {"type": "String"}}
    first = automate(steps, {"V": ["1"]}, declared, wait=False, ClientToken=token)
    assert automate(steps, {"V": ["1"]}, declared, wait=False, ClientToken=token) == first
    with pytest.raises(botocore.exceptions.ClientError, match="IdempotentParameterMismatch"):
        automate(steps, {"V": ["2"]}, declared, ClientToken=token)
    prefix = [{"Key": "DocumentNamePrefix", "Values": [f"Doc-{unique}"]}]
    listed = aws.client("ssm").describe_automation_executions(Filters=prefix)["AutomationExecutionMetadataList"]
    assert [found["AutomationExecutionId"] for found in listed] == [first]


@pytest.mark.parametrize(
    ("declared", "given", "reason"),
    [
        ({"type": "String"}, {}, "requires a value"),
        ({"type": "String"}, {"Other": ["x"]}, '"Other" is not defined'),
        ({"type": "String", "allowedPattern": "^i-[0-9a-f]+$"}, {"V": ["x"]}, "does not match the allowed pattern"),
        ({"type": "StringList", "allowedPattern": "^a"}, {"V": ["a", "b"]}, "does not match the allowed pattern"),
        ({"type": "String", "allowedValues": ["a"]}, {"V": ["b"]}, "none of the allowed values"),
        ({"type": "String"}, {"V": ["a", "b"]}, "takes one value"),
        ({"type": "Integer"}, {"V": ["x"]}, "not an Integer"),
        ({"type": "StringList", "minItems": 1}, {"V": []}, "at least 1"),
    ],
)
def test_parameters_are_checked_at_the_start(automate, declared, given, reason):
    with pytest.raises(botocore.exceptions.ClientError, match=reason) as refused:
        automate([script("A", PASS)], given, {"V": declared})
    assert refused.value.response["Error"]["Code"] == "InvalidAutomationExecutionParametersException"


def test_value_that_is_too_long_for_the_api_is_refused(automate):
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException.*1 to 512 characters"):
        automate([script("A", PASS)], {"V": ["x" * 513]}, {"V": {"type": "String"}})


@pytest.mark.parametrize(
    "trust",
    [
        {**SSM_TRUST, "Principal": {"Service": "lambda.amazonaws.com"}},
        {**SSM_TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        None,
    ],
)
def test_role_must_exist_and_trust_systems_manager(automate, aws, unique, trust):
    if trust:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        aws.client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=policy)
    with pytest.raises(botocore.exceptions.ClientError, match="unable to be assumed"):
        automate([script("A", PASS)], {"AutomationAssumeRole": [f"arn:aws:iam::111122223333:role/{unique}"]})


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"name": "A", "action": "aws:runCommand", "inputs": {}}, "does not run `aws:runCommand`"),
        (script("A", PASS, nextStep="B"), "goes on to `B`, which is no step"),
        (script("A", PASS, onFailure="Retry"), "none of Abort, Continue, step:<name>"),
        (script("A", PASS, retries=3), "`retries` is not a key of a step"),
        (api("A", "iam", "GetRole", RoleName="{{ Missing }}"), "`{{ Missing }}` is neither a parameter nor an output"),
    ],
)
def test_document_that_cannot_run_is_refused(automate, step, reason):
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidDocumentContent") as refused:
        automate([step])
    assert reason in str(refused.value)


@pytest.mark.parametrize(("when", "made"), [("before", False), ("after", True)])
def test_ordered_fault(automate, aws, unique, when, made):
    steps = [api("Make", "sqs", "CreateQueue", QueueName=unique), script("After", PASS)]
    aws.fail_step(f"Doc-{unique}", "Make", when=when)
    ended = automate(steps)
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Failed", [("Make", "Failed")])
    assert bool(aws.client("sqs").list_queues(QueueNamePrefix=unique).get("QueueUrls")) is made
    assert automate(steps)["AutomationExecutionStatus"] == "Success", "a fault is met once"


def test_ordered_end_of_an_automation_skips_on_failure(automate, aws, unique):
    aws.fail_step(f"Doc-{unique}", "A", mode="kill")
    ended = automate([script("A", PASS, onFailure="step:B"), script("B", PASS)])
    assert (ended["AutomationExecutionStatus"], ran(ended)) == ("Failed", [("A", "Failed")])
