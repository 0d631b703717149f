"""Functions: a session of its own for each, its output kept in a file, and the queue behind it retried without long waits."""

import os
import re
import threading
import time

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sqs

from local_aws import plug, recording
from local_aws.iam_actions import key_actions
from local_aws.operations import Operation
from local_aws.principals import Principal, session_for
from local_aws.settings import ACCOUNT, REGION

_log_directory = ""
_log_lock = threading.Lock()
_retry_seconds = 0.2


def configure(log_directory: str, retry_seconds: float) -> None:
    global _log_directory, _retry_seconds
    _log_directory = log_directory
    _retry_seconds = retry_seconds
    os.makedirs(log_directory, exist_ok=True)


def credentials_of(_original, config: dict) -> dict[str, str]:
    """The session of a function's role, by which its calls are told from those of every other function."""
    name = config.get("FunctionName", "unknown")
    arn = config.get("FunctionArn", "")
    account = arn.split(":")[4] if arn.count(":") >= 4 else ACCOUNT
    role = config.get("Role") or f"arn:aws:iam::{account}:role/unknown"
    return session_for(Principal("function", name), role, name, account).as_environment()


# lambda_svc imported the function by name, so it is replaced in both modules.
plug.replaces(lambda_runtime, "execution_credentials", "config")(credentials_of)
plug.replaces(lambda_svc, "execution_credentials", "config")(credentials_of)


@plug.replaces(lambda_svc, "_provided_worker_env", "config", "code_dir", "port")
def environment_of(original, config, code_dir, port) -> dict[str, str]:
    """What Lambda sets beside ministack's variables: how to log, and that nothing was provisioned."""
    logging = config.get("LoggingConfig") or {}
    found = original(config, code_dir, port)
    found["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
    found["AWS_LAMBDA_LOG_GROUP_NAME"] = logging.get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
    found["AWS_LAMBDA_LOG_FORMAT"] = "JSON" if logging.get("LogFormat") == "JSON" else "Text"
    if "ApplicationLogLevel" in logging:
        found["AWS_LAMBDA_LOG_LEVEL"] = logging["ApplicationLogLevel"]
    return found


@plug.replaces(lambda_svc, "_emit_lambda_logs", "func", "request_id", "log_text", "error", "duration_ms", "log_source")
def keep_output(original, func, request_id, log_text, error, duration_ms, **kwargs):
    """A function's output (its log lines and EMF metrics) also goes to a file of its own."""
    config = func.get("config") or func
    name = re.sub(r"[^\w.-]", "_", config.get("FunctionName", "unknown"))
    if _log_directory and log_text:
        with _log_lock, open(os.path.join(_log_directory, f"{name}.log"), "a", encoding="utf-8") as file:
            file.write(log_text if log_text.endswith("\n") else log_text + "\n")
    return original(func, request_id, log_text, error, duration_ms, **kwargs)


@plug.replaces(lambda_svc, "_run_sqs_batch", "esm", "func_rec", "event", "batch", "queue_url", "queue_name")
def run_batch(original, esm, func_rec, event, batch, queue_url, queue_name):
    """A message that a function failed comes back soon, not after its visibility timeout, so that a test sees the redrive.

    On AWS the poller acts with the function's role: receiving and deleting are recorded as calls of the function.
    """
    original(esm, func_rec, event, batch, queue_url, queue_name)
    name = (func_rec.get("config") or func_rec).get("FunctionName", "unknown")
    account, region = account_and_region(esm.get("EventSourceArn", ""))
    for operation in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        polled = Operation("sqs", "sqs", operation, {"QueueUrl": queue_url})
        actions = [f"sqs:{operation}", *key_actions(polled, recording.under_customer_key(polled))]
        recording.record(Principal("function", name), polled, actions, 200, account, region, via="event-source-mapping")
    handles = {message.get("receipt_handle") for message in batch}
    with sqs._queues_lock:
        queue = sqs._queues.get(queue_url) or {"messages": []}
        for message in queue["messages"]:
            if message.get("receipt_handle") in handles:
                message["visible_at"] = min(message.get("visible_at", 0), time.time() + _retry_seconds)
    lambda_svc._esm_backoff_until.pop(esm.get("UUID"), None)
    threading.Timer(_retry_seconds + 0.01, lambda_svc._esm_wake.set).start()


def account_and_region(arn: str) -> tuple[str, str]:
    parts = arn.split(":")
    return (parts[4], parts[3]) if len(parts) > 5 else (ACCOUNT, REGION)


plug.take(sqs, "_queues")
plug.take(sqs, "_queues_lock")
plug.take(lambda_svc, "_esm_wake")
plug.take(lambda_svc, "_esm_backoff_until")
