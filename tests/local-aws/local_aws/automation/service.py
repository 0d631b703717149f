"""The SSM operations of documents and automations; every other SSM operation goes on to ministack."""

import asyncio
import contextvars
import datetime
import json
import logging
import os
import re
import threading
import uuid

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import eventbridge

from local_aws import api_clients, control, plug, principals
from local_aws.automation import documents, faults, parameters, scripts
from local_aws.automation.errors import ApiError
from local_aws.automation.execution import Execution
from local_aws.automation.expressions import resolve
from local_aws.operations import signature_of
from local_aws.principals import Principal, session_for

log = logging.getLogger("local_aws.automation")

handlers = plug.table(app, "SERVICE_HANDLERS", "ssm")
conditions_met = plug.take(iam_evaluator, "_conditions_met", "conditions", "ctx")
eval_context = plug.take(iam_evaluator, "EvalContext")
put_events = plug.take(eventbridge, "_put_events", "data", "allow_aws_source")
other_operations = handlers.get("ssm")

_executions = AccountRegionScopedDict()
_by_token = AccountRegionScopedDict()
_start_lock = threading.Lock()
_CLIENT_TOKEN = re.compile(r"[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}")


def start_workers() -> None:
    scripts.start()
    threading.Thread(target=api_clients.warm, args=("ec2", "iam", "s3"), daemon=True, name="warm").start()


async def handle(method, path, headers, body, query):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    function = OPERATIONS.get(operation)
    if function is None:
        return await other_operations(method, path, headers, body, query)
    caller = principals.of_access_key(signature_of(headers, query).access_key)
    context = contextvars.copy_context()
    work = lambda: context.run(answer, function, json.loads(body or b"{}"), caller)
    return await asyncio.get_running_loop().run_in_executor(None, work)


def answer(function, request: dict, caller: Principal) -> tuple[int, dict, bytes]:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    try:
        return 200, headers, json.dumps(function(request, caller)).encode()
    except ApiError as error:
        return 400, headers, json.dumps({"__type": error.code, "message": error.message}).encode()


def create_document(request: dict, _caller) -> dict:
    if request.get("DocumentType") != "Automation":
        raise ApiError("InvalidDocumentContent", "the local AWS keeps only Automation documents")
    if documents.get(request["Name"]):
        raise ApiError("DocumentAlreadyExists", request["Name"])
    document = documents.put(request["Name"], request["Content"], document_format=request.get("DocumentFormat", "JSON"))
    return {"DocumentDescription": document.describe()}


def update_document(request: dict, _caller) -> dict:
    known = existing(request["Name"])
    document_format = request.get("DocumentFormat", known.format)
    document = documents.put(known.name, request["Content"], known.version + 1, document_format)
    return {"DocumentDescription": document.describe()}


def existing(name: str) -> documents.Document:
    document = documents.get(name)
    if document is None:
        raise ApiError("InvalidDocument", f"Document with name {name} does not exist.")
    return document


def get_document(request: dict, _caller) -> dict:
    document = existing(request["Name"])
    described = document.describe()
    kept = ("Name", "DocumentVersion", "Status", "DocumentType", "DocumentFormat", "CreatedDate")
    return {name: described[name] for name in kept} | {"Content": document.text}


def describe_document(request: dict, _caller) -> dict:
    return {"Document": existing(request["Name"]).describe()}


def delete_document(request: dict, _caller) -> dict:
    documents.delete(existing(request["Name"]).name)
    return {}


def list_documents(_request: dict, _caller) -> dict:
    return {"DocumentIdentifiers": [documents.get(name).describe() for name in documents.names()]}


def start_automation(request: dict, caller: Principal) -> dict:
    document = documents.get(request["DocumentName"])
    if document is None:
        raise ApiError("AutomationDefinitionNotFoundException", f"Document {request['DocumentName']} was not found.")
    wanted = request.get("DocumentVersion", "$DEFAULT")
    if wanted not in ("$DEFAULT", "$LATEST", str(document.version)):
        raise ApiError("AutomationDefinitionVersionNotFoundException", f"{document.name} has no version {wanted}.")
    token = request.get("ClientToken", "")
    if token and not _CLIENT_TOKEN.fullmatch(token):
        raise ApiError("ValidationException", "`clientToken` must be a UUID of 36 characters")
    given = request.get("Parameters") or {}
    with _start_lock:
        earlier = _by_token.get(token) if token else None
        if earlier is not None:
            if (earlier.document.name, earlier.given) != (document.name, given):
                raise ApiError("IdempotentParameterMismatch", "The client token was used with other parameters.")
            return {"AutomationExecutionId": earlier.identifier}
        execution = prepare(document, given, caller)
        _executions[execution.identifier] = execution
        if token:
            _by_token[token] = execution
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(execution.run,), daemon=True, name=f"automation-{document.name}").start()
    return {"AutomationExecutionId": execution.identifier}


def prepare(document: documents.Document, given: dict, caller: Principal) -> Execution:
    identifier = str(uuid.uuid4())
    bound = parameters.bind(document.parameters, given)
    started = datetime.datetime.now(datetime.UTC)
    known = bound | {
        "global:DATE": started.strftime("%Y-%m-%d"),
        "global:DATE_TIME": started.strftime("%Y-%m-%d_%H.%M.%S"),
        "global:REGION": get_region(),
        "global:ACCOUNT_ID": get_account_id(),
        "global:AWS_PARTITION": "aws",
        "automation:EXECUTION_ID": identifier,
    }
    role = resolve(document.content.get("assumeRole") or "", known)
    return Execution(
        document=document,
        parameters=bound,
        credentials=assume(role, identifier),
        endpoint=os.environ["AWS_ENDPOINT_URL"],
        known=known,
        executed_by=f"arn:aws:sts::{get_account_id()}:assumed-role/{caller.name}",
        identifier=identifier,
        given=given,
        role=role,
        on_change=publish,
    )


def assume(role_arn: str, identifier: str) -> principals.Credentials:
    """The role's credentials, if the role exists and trusts Systems Manager for this account."""
    refusal = ApiError("InvalidAutomationExecutionParametersException", "The defined assume role is unable to be assumed.")
    if not role_arn:
        raise ApiError(
            "InvalidAutomationExecutionParametersException",
            "the document names no `assumeRole`; the local AWS does not run documents with the caller's own permissions",
        )
    name = role_arn.rsplit("/", 1)[-1]
    role = principals.roles.get(name)
    if role is None or role.get("Arn") != role_arn or not trusts_systems_manager(role, identifier):
        log.info("the automation role %s is missing or does not trust ssm.amazonaws.com", role_arn)
        raise refusal
    return session_for(Principal("automation", name), role_arn, f"Automation-{name}", get_account_id())


def trusts_systems_manager(role: dict, identifier: str) -> bool:
    policy = role["AssumeRolePolicyDocument"]
    policy = json.loads(policy) if isinstance(policy, str) else policy
    account, region = get_account_id(), get_region()
    source = f"arn:aws:ssm:{region}:{account}:automation-execution/{identifier}"
    context = eval_context(
        principal_arn="ssm.amazonaws.com",
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role["Arn"],
        region=region,
        service_context={"aws:sourceaccount": account, "aws:sourcearn": source},
    )
    trusted = False
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        services = (statement.get("Principal") or {}).get("Service", [])
        actions = statement.get("Action", [])
        names = "ssm.amazonaws.com" in ([services] if isinstance(services, str) else services)
        covers = "sts:AssumeRole" in ([actions] if isinstance(actions, str) else actions)
        if names and covers and conditions_met(statement.get("Condition") or {}, context):
            if statement.get("Effect") == "Deny":
                return False
            trusted = True
    return trusted


def found(request: dict) -> Execution:
    execution = _executions.get(request["AutomationExecutionId"])
    if execution is None:
        message = f"Couldn't find automation execution with id {request['AutomationExecutionId']}."
        raise ApiError("AutomationExecutionNotFoundException", message)
    return execution


def get_automation(request: dict, _caller) -> dict:
    return {"AutomationExecution": found(request).describe()}


def stop_automation(request: dict, _caller) -> dict:
    if request.get("Type", "Cancel") != "Cancel":
        raise ApiError("InvalidAutomationStatusUpdateException", "the local AWS stops automations with the type Cancel only")
    execution = found(request)
    if execution.status not in ("Pending", "InProgress"):
        raise ApiError("InvalidAutomationStatusUpdateException", f"the execution is already {execution.status}")
    execution.stopped.set()
    return {}


def describe_automations(request: dict, _caller) -> dict:
    wanted = {item["Key"]: item["Values"] for item in request.get("Filters") or []}
    values = {
        "ExecutionId": lambda execution: execution.identifier,
        "ExecutionStatus": lambda execution: execution.status,
        "DocumentNamePrefix": lambda execution: execution.document.name,
    }
    unknown = set(wanted) - set(values)
    if unknown:
        raise ApiError("InvalidFilterKey", f"the local AWS does not filter by {', '.join(sorted(unknown))}")

    def matches(execution: Execution) -> bool:
        for key, allowed in wanted.items():
            value = values[key](execution)
            if key == "DocumentNamePrefix" and not value.startswith(tuple(allowed)):
                return False
            if key != "DocumentNamePrefix" and value not in allowed:
                return False
        return True

    newest_first = sorted(_executions.values(), key=lambda execution: execution.started, reverse=True)
    return {"AutomationExecutionMetadataList": [execution.summary() for execution in newest_first if matches(execution)]}


def describe_steps(request: dict, _caller) -> dict:
    return {"StepExecutions": [record.describe() for record in found(request).records]}


def publish(execution: Execution) -> None:
    """The status-change event that Systems Manager puts on the default bus."""
    detail = {
        "ExecutionId": execution.identifier,
        "Definition": execution.document.name,
        "DefinitionVersion": execution.document.version,
        "Status": execution.status,
        "StartTime": stamp(execution.started),
        "Time": stamp(execution.ended or execution.started),
        "ExecutedBy": execution.executed_by,
    } | ({"EndTime": stamp(execution.ended)} if execution.ended else {})
    entry = {
        "Source": "aws.ssm",
        "DetailType": "EC2 Automation Execution Status-change Notification",
        "Detail": json.dumps(detail),
        "Resources": [f"arn:aws:ssm:{get_region()}:{get_account_id()}:automation-execution/{execution.identifier}"],
    }
    put_events({"Entries": [entry]}, allow_aws_source=True)


def stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPERATIONS = {
    "CreateDocument": create_document,
    "UpdateDocument": update_document,
    "GetDocument": get_document,
    "DescribeDocument": describe_document,
    "DeleteDocument": delete_document,
    "ListDocuments": list_documents,
    "StartAutomationExecution": start_automation,
    "GetAutomationExecution": get_automation,
    "StopAutomationExecution": stop_automation,
    "DescribeAutomationExecutions": describe_automations,
    "DescribeAutomationStepExecutions": describe_steps,
}
handlers["ssm"] = handle


@control.route("POST", "/ssm-fault")
def order_fault(request: dict) -> None:
    faults.order(faults.StepFault(**request))


@control.route("DELETE", "/ssm-fault")
def clear_faults(_request: dict) -> None:
    faults.clear()
