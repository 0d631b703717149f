"""The Distributed Map in JSONata, which ministack runs in JSONPath alone."""

import copy

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as engine

from local_aws import plug, recording
from local_aws.operations import Operation
from local_aws.state_machines import ExecutionError, current_machine, evaluate_field, query_language

fill = plug.take(engine, "_apply_jsonata_template", "value", "raw_input", "ctx", "result", "error_output")
write_output = plug.take(engine, "_apply_jsonata_output", "state_def", "raw_input", "ctx", "result", "error_output", "default")
assign = plug.take(engine, "_apply_state_assign", "state_def", "raw_input", "ctx", "result", "error_output")
next_or_end = plug.take(engine, "_next_or_end", "state_def")


@plug.replaces(engine, "_run_distributed_map", "state_def", "raw_input", "effective", "iterator", "execution", "ctx")
def run_distributed_map(original, state, raw_input, effective, iterator, execution, context):
    """Items and what each child gets are worked out here; a child sees no variable of its parent, as on AWS."""
    if query_language(state, context) != "JSONata":
        return original(state, raw_input, effective, iterator, execution, context)
    if "ItemReader" in state:
        raise ExecutionError("States.Runtime", "ItemReader is not emulated in JSONata: give `Items`")
    items = evaluate_field(state, "Items", "array", raw_input, context)
    inputs = [input_of(state, raw_input, context, index, item) for index, item in enumerate(items)]
    for _ in inputs:
        record_start(execution)
    plain = {key: value for key, value in state.items() if key not in ("Items", "ItemSelector", "Output", "Assign")}
    if "MaxConcurrency" in state:
        plain["MaxConcurrency"] = int(evaluate_field(state, "MaxConcurrency", "number", raw_input, context))
    alone = {**context, "variables": {}}
    # Each input is an item of a list that ministack passes on as it is.
    results, _next = original({**plain, "ItemsPath": "$"}, inputs, inputs, iterator, execution, alone)
    results = [failed_child() if result is None else result for result in results]
    output = write_output(state, raw_input, context, result=results, default=results)
    assign(state, raw_input, context, result=results)
    return output, next_or_end(state)


def input_of(state: dict, raw_input, context: dict, index: int, item):
    if "ItemSelector" not in state:
        return item
    own = copy.deepcopy(context)
    own["Map"] = {"Item": {"Index": index, "Value": item}}
    return fill(state["ItemSelector"], raw_input, own)


def failed_child() -> dict:
    """What stands among the results for a child that failed and was tolerated: the execution instead of its output."""
    return {"Status": "FAILED"}


def record_start(execution: dict) -> None:
    """Step Functions starts a child with the machine's own role, as an execution of that machine."""
    machine = current_machine()
    if machine is None:
        return
    arn = execution["stateMachineArn"]
    operation = Operation("states", "stepfunctions", "StartExecution", {"StateMachineArn": arn})
    recording.record(machine[0], operation, ["states:StartExecution"], 200, get_account_id(), get_region(), via="state-machine")
