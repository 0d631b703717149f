"""Step Functions as AWS runs it, where ministack differs: timeouts, task tokens, repeated starts, nested executions."""

import contextvars
import json
import threading
import time
import uuid

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as engine

from local_aws import plug, recording
from local_aws.operations import Operation
from local_aws.principals import Credentials, Principal, session_for

ExecutionError = plug.take(engine, "_ExecutionError", "error", "cause")
evaluate_field = plug.take(engine, "_jsonata_state_field", "state_def", "field", "expected", "raw_input", "ctx")
find_catcher = plug.take(engine, "_find_matching_catcher", "catchers", "error")
apply_catcher = plug.take(engine, "_apply_catcher", "catcher", "raw_input", "ctx", "query_language", "error_output")
query_language = plug.take(engine, "_state_query_language", "state_def", "ctx")
resolve_path = plug.take(engine, "_resolve_path_or_ctx", "path", "data", "ctx")
resolve_machine = plug.take(engine, "_resolve_state_machine_arn", "arn")
error_response = plug.take(engine, "error_response_json")
json_response = plug.take(engine, "json_response")
nested_request = plug.take(engine, "_nested_start_execution_request", "input_data")
resolve_function = plug.take(engine, "_resolve_lambda_function_ref", "value", "optimized")
call_function = plug.take(engine, "_call_lambda", "func_ref", "event")
add_event = plug.take(engine, "_add_event", "execution", "event_type", "details")
announce_status = plug.take(engine, "_emit_execution_status_event", "execution")
task_tokens = plug.take(engine, "_task_tokens")
executions = plug.take(engine, "_executions")
machines = plug.take(engine, "_state_machines")

CALLBACK = ".waitForTaskToken"
# How often whoever waits looks whether it was stopped itself. Thousands wait for days at a gate: looking often, they leave no time for
# those that go on.
LOOK_SECONDS = 5.0
_running: contextvars.ContextVar[dict | None] = contextvars.ContextVar("running_execution", default=None)
_start_lock = threading.Lock()
_used_tokens: set[str] = set()
# Set when an execution has ended, for whoever waits for it.
_ends: dict[str, threading.Event] = {}


def current_machine() -> tuple[Principal, Credentials] | None:
    """The state machine on whose behalf this thread works, with its role's credentials."""
    execution = _running.get()
    if execution is None:
        return None
    machine = machines.get(execution["stateMachineArn"]) or {}
    principal = Principal("state-machine", machine.get("name", "unknown"))
    role = machine.get("roleArn") or f"arn:aws:iam::{get_account_id()}:role/unknown"
    return principal, session_for(principal, role, principal.name, get_account_id())


@plug.replaces(engine, "_run_execution", "exec_arn")
def run_execution(original, execution_arn):
    """Run with the machine's identity and within its own `TimeoutSeconds`."""
    execution = executions.get(execution_arn)
    _running.set(execution)
    end_of(execution_arn).clear()
    timer = None
    if execution is not None:
        machine = machines.get(execution["stateMachineArn"]) or {}
        seconds = json.loads(machine.get("definition") or "{}").get("TimeoutSeconds")
        if seconds:
            context = contextvars.copy_context()
            timer = threading.Timer(float(seconds), context.run, args=(time_out_execution, execution))
            timer.daemon = True
            timer.start()
    try:
        return original(execution_arn)
    finally:
        if timer:
            timer.cancel()
        end_of(execution_arn).set()


def end_of(execution_arn: str) -> threading.Event:
    return _ends.setdefault(execution_arn, threading.Event())


def time_out_execution(execution: dict) -> None:
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=engine.now_iso())
    add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
    announce_status(execution)
    end_of(execution["executionArn"]).set()


@plug.replaces(engine, "_fail_execution", "execution", "error", "cause")
def fail_execution(original, execution, error, cause):
    """An execution that was stopped or timed out meanwhile keeps that end."""
    if execution["status"] == "RUNNING":
        original(execution, error, cause)


@plug.replaces(engine, "_execute_task", "state_def", "raw_input", "execution", "ctx")
def execute_task(original, state, raw_input, execution, context):
    """Timeouts may be JSONata (or JSONPath): they are worked out here, from the state's real input, before the task starts."""
    try:
        limits = time_limits(state, raw_input, context)
    except ExecutionError as error:
        catcher = find_catcher(state.get("Catch", []), error.error)
        if catcher is None:
            raise
        shown = {"Error": error.error, "Cause": error.cause}
        return apply_catcher(catcher, raw_input, context, query_language(state, context), shown), catcher["Next"]
    return original({**state, **limits}, raw_input, execution, context)


def time_limits(state: dict, raw_input, context) -> dict:
    limits = {}
    for field in ("TimeoutSeconds", "HeartbeatSeconds"):
        if isinstance(state.get(field), str):
            limits[field] = evaluate_field(state, field, "number", raw_input, context)
        elif f"{field}Path" in state:
            limits[field] = resolve_path(state[f"{field}Path"], raw_input, context)
    return limits


@plug.replaces(engine, "_apply_jsonata_arguments", "state_def", "raw_input", "ctx")
def arguments(original, state, raw_input, context=None):
    """Each attempt of a callback task has a token of its own; ministack gives a retry the token of the attempt before."""
    if context is not None and state.get("Resource", "").endswith(CALLBACK):
        context["Task"] = {"Token": str(uuid.uuid4())}
    return original(state, raw_input, context)


@plug.replaces(engine, "_run_sub_machine", "states", "start_at", "input_data", "execution", "ctx")
def run_branch(original, states, start_at, input_data, execution, context):
    """A branch has its own state, task token and variables; with shared ones, parallel branches would mix up their tokens."""
    own = {**context, "variables": dict(context.get("variables", {}))}
    return original(states, start_at, input_data, execution, own)


@plug.replaces(engine, "_invoke_resource", "resource", "input_data")
def invoke_resource(original, resource, arguments):
    record_task(resource, arguments)
    return original(resource, arguments)


def record_task(resource: str, arguments) -> None:
    """Calls that ministack makes in its own process; SDK tasks go through the front door and are recorded there."""
    machine = current_machine()
    if machine is None or "aws-sdk:" in resource or not isinstance(arguments, dict):
        return
    parts = resource.removesuffix(CALLBACK).split(":")
    if resource.startswith("arn:aws:states:::") and len(parts) >= 7:
        service, task = parts[5], parts[6].split(".")[0]
    elif ":lambda:" in resource:
        service, task, arguments = "lambda", "invoke", {"FunctionName": resource}
    else:
        return
    scope = {"states": "states", "lambda": "lambda"}.get(service, service)
    name = task[0].upper() + task[1:]
    kept = ("FunctionName", "StateMachineArn", "Name", "TableName", "QueueUrl", "TopicArn")
    parameters = {key: arguments[key] for key in kept if isinstance(arguments.get(key), str)}
    action = "lambda:InvokeFunction" if scope == "lambda" else f"{scope}:{name}"
    operation = Operation(scope, "stepfunctions" if scope == "states" else scope, name, parameters)
    recording.record(machine[0], operation, [action], 200, get_account_id(), get_region(), via="state-machine")


@plug.replaces(engine, "_invoke_with_callback", "resource", "input_data", "token", "state_def")
def invoke_with_callback(_original, resource, arguments, token, state):
    """Give the work out, then wait for its token: a failed start fails the task, heartbeats and timeouts are kept."""
    called_back = threading.Event()
    waiting = {"event": called_back, "result": None, "error": None, "heartbeat": time.monotonic()}
    task_tokens[token] = waiting
    try:
        start_work(resource.removesuffix(CALLBACK), arguments)
        wait_for_token(called_back, waiting, state)
    finally:
        task_tokens.pop(token, None)
        _used_tokens.add(token)
    if waiting["error"]:
        raise ExecutionError(waiting["error"].get("Error", "TaskFailed"), waiting["error"].get("Cause", ""))
    result = waiting["result"]
    try:
        return json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return result


def start_work(resource: str, arguments) -> None:
    if "states:::lambda:invoke" in resource:
        record_task(resource, arguments)
        call_function(resolve_function(arguments.get("FunctionName", ""), optimized=True), arguments.get("Payload", {}))
    else:
        engine._invoke_resource(resource, arguments)


def wait_for_token(called_back: threading.Event, waiting: dict, state: dict) -> None:
    started = time.monotonic()
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    execution = _running.get()
    while True:
        now = time.monotonic()
        limits = [LOOK_SECONDS]
        if timeout is not None:
            limits.append(started + timeout - now)
        if heartbeat is not None:
            limits.append(waiting["heartbeat"] + heartbeat - now)
        if called_back.wait(max(0.0, min(limits))):
            return
        now = time.monotonic()
        if timeout is not None and now >= started + timeout:
            raise ExecutionError("States.Timeout", "")
        if heartbeat is not None and now >= waiting["heartbeat"] + heartbeat:
            raise ExecutionError("States.HeartbeatTimeout", "")
        if execution is not None and execution["status"] != "RUNNING":
            raise ExecutionError("States.Runtime", "the execution was stopped")


@plug.replaces(engine, "_send_task_heartbeat", "data")
def send_heartbeat(original, data):
    waiting = task_tokens.get(data.get("taskToken"))
    if waiting is None:
        return gone(original, data)
    waiting["heartbeat"] = time.monotonic()
    return json_response({})


def gone(original, data):
    """A token that was answered or timed out says so, as on AWS; a token that never was goes on to ministack's answer."""
    if data.get("taskToken") in _used_tokens:
        return error_response("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
    return original(data)


for _name in ("_send_task_success", "_send_task_failure"):
    plug.replaces(engine, _name, "data")(gone)


@plug.replaces(engine, "_start_execution", "data")
def start_execution(original, data):
    """The same name and the same input join the execution that runs; anything else under that name is refused."""
    with _start_lock:
        machine = machines.get(resolve_machine(data.get("stateMachineArn", "").split("#")[0]) or "")
        if machine and data.get("name"):
            arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine['name']}:{data['name']}"
            running = executions.get(arn)
            if running and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                return json_response({"executionArn": arn, "startDate": running["startDate"]})
        return original(data)


@plug.replaces(engine, "_invoke_nested_start_execution", "resource", "input_data")
def start_nested(_original, _resource, arguments):
    started = start_child(arguments)
    return {"ExecutionArn": started["executionArn"], "StartDate": started["startDate"]}


def start_child(arguments) -> dict:
    status, _headers, body = engine._start_execution(nested_request(arguments))
    answer = json.loads(body)
    if status >= 400:
        raise ExecutionError(f"StepFunctions.{answer.get('__type', 'Runtime')}Exception", answer.get("message", ""))
    return answer


@plug.replaces(engine, "_invoke_nested_start_execution_sync", "resource", "input_data")
def run_nested(_original, resource, arguments):
    """Start the child, or join the one that runs under this name, and wait for its end."""
    arn = start_child(arguments)["executionArn"]
    parent, ended = _running.get(), end_of(arn)
    while executions[arn]["status"] == "RUNNING":
        if parent is not None and parent["status"] != "RUNNING":
            raise ExecutionError("States.Runtime", "the execution was stopped")
        ended.wait(LOOK_SECONDS)
    child = describe_child(executions[arn])
    if child["Status"] != "SUCCEEDED":
        raise ExecutionError("States.TaskFailed", json.dumps(child))
    if resource.endswith(".sync:2"):
        child["Output"] = json.loads(child["Output"])
    return child


def describe_child(child: dict) -> dict:
    described = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    if child["status"] == "SUCCEEDED":
        described |= {"Output": child["output"], "OutputDetails": {"Included": True}}
    else:
        described |= {"Error": child.get("error") or "", "Cause": child.get("cause") or ""}
    return described
