"""Step Functions where ministack differs from AWS: repeated starts, timeouts, task tokens, nested executions, SDK tasks."""

import json
import threading
import time

import botocore.exceptions
import pytest
from conftest import machine_ended

ROLE = "arn:aws:iam::111122223333:role/machine"
INVOKE = "arn:aws:states:::lambda:invoke"


@pytest.fixture
def machine(aws, stack):
    """Create a JSONata state machine and start it."""

    def create(name, states, start_at=None, **settings):
        definition = {"QueryLanguage": "JSONata", "StartAt": start_at or next(iter(states)), "States": states, **settings}
        return aws.client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)[
            "stateMachineArn"
        ]

    return create


def start(aws, arn, value=None, **settings):
    request = {"stateMachineArn": arn, "input": json.dumps(value or {}), **settings}
    return aws.client("stepfunctions").start_execution(**request)["executionArn"]


def run(aws, arn, value=None, **settings):
    return machine_ended(aws, start(aws, arn, value, **settings))


def callback(**fields):
    """A task that gives its token to the function, which prints it."""
    line = "{% 'token ' & $states.context.Execution.Name & ' ' & $states.context.Task.Token %}"
    arguments = {"FunctionName": "echo", "Payload": {"print": line}, **fields.pop("Arguments", {})}
    return {"Type": "Task", "Resource": f"{INVOKE}.waitForTaskToken", "Arguments": arguments, "End": True, **fields}


def tokens_of(aws, execution, number=1):
    """The tokens that an execution has given out, once there are so many."""
    start_of_line = f"token {execution.rsplit(':', 1)[-1]} "

    def found():
        lines = [line for line in aws.function_log("echo").splitlines() if line.startswith(start_of_line)]
        return [line.removeprefix(start_of_line) for line in lines] if len(lines) == number else None

    return aws.wait_until(found, what="the task token")


def test_execution_with_functions_of_jsonata(aws, machine, unique):
    state = {"Type": "Pass", "Output": "{% $sum([1,2]) & '-' & $states.input.name %}", "End": True}
    assert json.loads(run(aws, machine(unique, {"A": state}), {"name": "x"})["output"]) == "3-x"


def test_same_name_and_input_join_the_running_execution(aws, machine, unique):
    arn = machine(unique, {"A": {"Type": "Wait", "Seconds": 1, "End": True}})
    first = start(aws, arn, {"a": 1}, name="once")
    assert start(aws, arn, {"a": 1}, name="once") == first
    with pytest.raises(botocore.exceptions.ClientError, match="ExecutionAlreadyExists"):
        start(aws, arn, {"a": 2}, name="once")
    assert machine_ended(aws, first)["status"] == "SUCCEEDED"
    with pytest.raises(botocore.exceptions.ClientError, match="ExecutionAlreadyExists"):
        start(aws, arn, {"a": 1}, name="once")


def test_nested_start_joins_the_running_child(aws, machine, unique):
    child = machine(f"{unique}-child", {"A": {"Type": "Wait", "Seconds": 1, "Output": {"done": True}, "End": True}})
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {
            "StateMachineArn": child,
            "Name": "{% $states.input.incident %}",
            "Input": {"incident": "{% $states.input.incident %}"},
        },
        "Output": "{% $states.result.Output.done %}",
        "End": True,
    }
    parent = machine(unique, {"Nested": nested})
    executions = [start(aws, parent, {"incident": unique}) for _ in range(2)]
    assert [json.loads(machine_ended(aws, arn)["output"]) for arn in executions] == [True, True]
    assert len(aws.client("stepfunctions").list_executions(stateMachineArn=child)["executions"]) == 1


def test_failed_child_fails_the_task_as_on_aws(aws, machine, unique):
    child = machine(f"{unique}-child", {"A": {"Type": "Fail", "Error": "Incident.Rejected", "Cause": "no"}})
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": child},
        "End": True,
    }
    ended = run(aws, machine(unique, {"Nested": nested}))
    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["Error"] == "Incident.Rejected"


def test_answer_to_a_task_token(aws, machine, unique):
    execution = start(aws, machine(unique, {"Gate": callback(TimeoutSeconds=10)}))
    (token,) = tokens_of(aws, execution)
    states = aws.client("stepfunctions")
    states.send_task_success(taskToken=token, output='{"approved":true}')
    assert json.loads(machine_ended(aws, execution)["output"]) == {"approved": True}
    with pytest.raises(botocore.exceptions.ClientError, match="TaskTimedOut"):
        states.send_task_success(taskToken=token, output="{}")


def test_timeout_of_a_task_token_from_jsonata(aws, machine, unique):
    gate = callback(TimeoutSeconds="{% $states.input.review_seconds %}")
    gate["Catch"] = [{"ErrorEquals": ["States.Timeout"], "Next": "Escalate"}]
    escalate = {"Type": "Pass", "Output": {"escalated": True}, "End": True}
    started = time.monotonic()
    ended = run(aws, machine(unique, {"Gate": gate, "Escalate": escalate}), {"review_seconds": 0.6})
    assert json.loads(ended["output"]) == {"escalated": True}
    assert time.monotonic() - started >= 0.6


def test_timeout_from_a_workflow_variable(aws, machine, unique):
    remember = {"Type": "Pass", "Assign": {"limit": "{% $min([$states.input.limit, 60]) %}"}, "Next": "Gate"}
    ended = run(aws, machine(unique, {"Remember": remember, "Gate": callback(TimeoutSeconds="{% $limit %}")}), {"limit": 0.3})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


def test_timeout_that_is_no_number_can_be_caught(aws, machine, unique):
    gate = callback(TimeoutSeconds="{% $states.input.review_seconds %}")
    gate["Catch"] = [{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "caught", "Next": "Caught"}]
    ended = run(aws, machine(unique, {"Gate": gate, "Caught": {"Type": "Succeed"}}), {"review_seconds": "soon"})
    assert json.loads(ended["output"]) == "caught"


def test_missing_heartbeat_fails_and_heartbeats_keep_alive(aws, machine, unique):
    arn = machine(unique, {"Gate": callback(TimeoutSeconds=20, HeartbeatSeconds=0.6)})
    assert run(aws, arn)["error"] == "States.HeartbeatTimeout"
    execution = start(aws, arn)
    (token,) = tokens_of(aws, execution)
    states = aws.client("stepfunctions")
    for _ in range(4):
        time.sleep(0.3)
        states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output="{}")
    assert machine_ended(aws, execution)["status"] == "SUCCEEDED"


def test_failed_function_fails_the_callback_task(aws, machine, unique):
    failure = {"errorType": "Incident.Rejected", "errorMessage": "no"}
    gate = callback(TimeoutSeconds=30, Arguments={"Payload": {"fail": failure}})
    ended = run(aws, machine(unique, {"Gate": gate}))
    assert ended["error"] == "Incident.Rejected"


def test_timeout_of_a_plain_task(aws, machine, unique):
    task = {"Type": "Task", "Resource": INVOKE, "Arguments": {"FunctionName": "echo", "Payload": {"sleep": 2}}, "End": True}
    ended = run(aws, machine(unique, {"Slow": {**task, "TimeoutSeconds": "{% $states.input.limit %}"}}), {"limit": 0.5})
    assert ended["error"] == "States.Timeout"


def test_timeout_of_the_whole_machine(aws, machine, unique):
    arn = machine(unique, {"A": {"Type": "Wait", "Seconds": 2, "End": True}}, TimeoutSeconds=1)
    assert run(aws, arn)["status"] == "TIMED_OUT"


def test_parallel_branches_keep_their_own_tokens(aws, machine, unique):
    branch = {"StartAt": "Gate", "States": {"Gate": callback(TimeoutSeconds=10)}}
    arn = machine(unique, {"Both": {"Type": "Parallel", "Branches": [branch, branch], "End": True}})
    execution = start(aws, arn)
    for token in tokens_of(aws, execution, 2):
        aws.client("stepfunctions").send_task_success(taskToken=token, output="1")
    assert json.loads(machine_ended(aws, execution)["output"]) == [1, 1]


def test_sdk_task_of_any_service_with_aws_error_names(aws, machine, unique):
    tables = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sesv2:listEmailIdentities", "Arguments": {}, "End": True}
    assert "EmailIdentities" in json.loads(run(aws, machine(unique, {"A": tables}))["output"])
    arguments = {"AutomationExecutionId": "00000000-0000-0000-0000-000000000000"}
    missing = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ssm:getAutomationExecution",
        "Arguments": arguments,
        "End": True,
    }
    assert run(aws, machine(f"{unique}b", {"A": missing}))["error"] == "Ssm.AutomationExecutionNotFoundException"
    typo = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getAutomation", "Arguments": {}, "End": True}
    assert run(aws, machine(f"{unique}c", {"A": typo}))["error"] == "States.Runtime"


def test_calls_are_recorded_for_the_state_machine(aws, machine, unique):
    task = {"Type": "Task", "Resource": INVOKE, "Arguments": {"FunctionName": "other", "Payload": {"echo": 1}}, "Next": "List"}
    listing = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "Arguments": {}, "End": True}
    run(aws, machine(unique, {"A": task, "List": listing}))
    assert [call["actions"][0] for call in aws.calls("state-machine", unique)] == ["lambda:InvokeFunction", "s3:ListAllMyBuckets"]


def test_functions_run_side_by_side(aws, machine, unique, tmp_path):
    meeting = {"meet": {"folder": str(tmp_path), "runs": 4}}
    task = {"Type": "Task", "Resource": INVOKE, "Arguments": {"FunctionName": "other", "Payload": meeting}, "End": True}
    branch = {"StartAt": "A", "States": {"A": task}}
    arn = machine(unique, {"All": {"Type": "Parallel", "Branches": [branch] * 4, "End": True}})
    assert run(aws, arn)["status"] == "SUCCEEDED"


def test_execution_that_is_stopped_frees_its_token(aws, machine, unique):
    execution = start(aws, machine(unique, {"Gate": callback(TimeoutSeconds=60)}))
    (token,) = tokens_of(aws, execution)
    states = aws.client("stepfunctions")
    states.stop_execution(executionArn=execution)
    assert machine_ended(aws, execution)["status"] == "ABORTED"

    def refused():
        try:
            states.send_task_heartbeat(taskToken=token)
        except botocore.exceptions.ClientError as error:
            return "TaskTimedOut" in str(error)
        return False

    aws.wait_until(refused, what="the end of the token")


def test_starts_at_the_same_moment_give_one_execution(aws, machine, unique):
    arn = machine(unique, {"A": {"Type": "Wait", "Seconds": 1, "End": True}})
    found = []
    threads = [threading.Thread(target=lambda: found.append(start(aws, arn, {"a": 1}, name="once"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


def test_each_attempt_has_a_token_of_its_own(aws, machine, unique):
    gate = callback(TimeoutSeconds=20, Retry=[{"ErrorEquals": ["Again"], "MaxAttempts": 1, "IntervalSeconds": 1}])
    execution = start(aws, machine(unique, {"Gate": gate}))
    (first,) = tokens_of(aws, execution)
    states = aws.client("stepfunctions")
    states.send_task_failure(taskToken=first, error="Again")
    earlier, second = tokens_of(aws, execution, 2)
    assert earlier == first != second
    states.send_task_success(taskToken=second, output="1")
    assert machine_ended(aws, execution)["status"] == "SUCCEEDED"


def distributed(**item):
    """A Map whose items are executions of their own, of which 13 fails."""
    fails = {"Condition": "{% $states.input.number = 13 %}", "Next": "Fails"}
    inner = {
        "IsLucky": {"Type": "Choice", "Choices": [fails], "Default": "Double"},
        "Double": {"Type": "Pass", "Output": {"doubled": "{% $states.input.number * $states.input.by %}", **item}, "End": True},
        "Fails": {"Type": "Fail", "Error": "Unlucky", "Cause": "13"},
    }
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "IsLucky", "States": inner}
    return {
        "Read": {"Type": "Pass", "Assign": {"by": 2, "kept": []}, "Next": "Each"},
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input.numbers %}",
            "ItemSelector": {"number": "{% $states.context.Map.Item.Value %}", "by": "{% $by %}"},
            "ItemProcessor": processor,
            "MaxConcurrency": 2,
            "ToleratedFailurePercentage": 100,
            "Assign": {"kept": "{% [$kept, $states.result.doubled] %}"},
            "Output": {"failed": "{% $count($states.result[Status = 'FAILED']) %}"},
            "Next": "Show",
        },
        "Show": {"Type": "Pass", "Output": {"kept": "{% $kept %}", "failed": "{% $states.input.failed %}"}, "End": True},
    }


def test_distributed_map_runs_items_as_executions(aws, machine, unique):
    arn = machine(f"{unique}-distributed", distributed())
    ended = run(aws, arn, {"numbers": [1, 13, 3]})
    assert json.loads(ended["output"]) == {"kept": [2, 6], "failed": 1}
    started = [call for call in aws.calls("state-machine", f"{unique}-distributed") if call["operation"] == "StartExecution"]
    assert [call["actions"] for call in started] == [["states:StartExecution"]] * 3


def test_item_of_a_distributed_map_sees_no_variable_of_its_parent(aws, machine, unique):
    states = distributed(seen="{% $exists($by) %}")
    states["Each"]["Output"] = "{% $states.result.seen %}"
    arn = machine(f"{unique}-alone", {**states, "Show": {"Type": "Pass", "End": True}})
    assert json.loads(run(aws, arn, {"numbers": [1, 2]})["output"]) == [False, False]
