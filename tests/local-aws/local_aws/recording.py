"""Every call that reaches the gateway, with who made it, appended to one JSON Lines file."""

import datetime
import json
import re
import threading
from urllib.parse import parse_qs

from ministack.core import responses
from ministack.services import s3, sns, sqs

from local_aws import api_faults, control, faults_on_the_wire, function_urls, plug, principals, rest_apis
from local_aws.iam_actions import actions_of, key_actions
from local_aws.operations import Operation, identify, signature_of
from local_aws.settings import ACCOUNT, CONTROL, REGION

_ISSUED_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")
_BUCKET_KEY = re.compile(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>")
_lock = threading.Lock()
_file = None
_listeners: list = []


for _module, _name in ((s3, "_bucket_encryption"), (s3, "_bucket_owner_account"), (sqs, "_queues"), (sns, "_topics"), (responses, "request_scope")):
    plug.take(_module, _name)
plug.take(responses, "_account_from_sts_session", "access_key_id")


def open_log(path) -> None:
    global _file
    _file = open(path, "a", encoding="utf-8", buffering=1)  # open as long as the gateway runs


def on_call(listener) -> None:
    """`listener(entry, access_key, headers)` is called after each call, in the account and region of the call."""
    _listeners.append(listener)


def record(principal, operation: Operation, actions: list[str], status: int, account: str, region: str, **more: str) -> dict:
    """`more` is `via`, the service that made the call, and `role`, the role that the principal had assumed for it."""
    entry = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "principal": principal.as_json(),
        "service": operation.service,
        "operation": operation.name,
        "actions": actions,
        "parameters": operation.parameters,
        "account": account,
        "region": region,
        "status": status,
    }
    entry |= {name: value for name, value in more.items() if value}
    line = json.dumps(entry, separators=(",", ":"))
    with _lock:
        if _file is not None:
            _file.write(line + "\n")
    return entry


class Recorder:
    """The ASGI application in front of ministack: our own paths, faults that a test asked for, and the log of calls."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        path = scope["path"]
        body = await read_body(receive)
        if rest_apis.is_page(scope):
            return await self.application(rest_apis.led_on(scope), replay(body, receive), send)
        if path.startswith(CONTROL + "/"):
            return await respond(send, *await control.handle(scope["method"], path[len(CONTROL) :], body))
        if path.startswith(("/_ministack/", function_urls.PREFIX)):
            function_urls.remember_request_line(scope)
            return await self.application(scope, replay(body, receive), send)
        await self.serve_call(scope, path, body, receive, send)

    async def serve_call(self, scope, path, body, receive, send):
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        signature = signature_of(headers, query)
        operation = identify(signature.scope, scope["method"], path, headers, query, body)
        principal = principals.of_access_key(signature.access_key)
        fate = faults_on_the_wire.fate_of(signature.scope, operation, principal)

        def log(status):
            account = account_of(signature.access_key)
            with responses.request_scope(account, signature.region or REGION):
                actions = actions_of(operation, headers, query, body)
                actions += key_actions(operation, under_customer_key(operation), headers)
                role = principals.assumed_role(signature.access_key)
                entry = record(principal, operation, actions, status, account, signature.region or REGION, role=role)
                for listener in _listeners:
                    listener(entry, signature.access_key, headers)

        async def work(answer):
            fault = api_faults.take(signature.scope, operation, principal, signature.region) or fate.refusal()
            kept = faults_on_the_wire.Kept()
            status = await self.answer(fault, signature.scope, principal, scope, body, receive, kept)
            # In the log before the caller has its answer: whoever reads the log after a call finds that call.
            if signature.scope:
                log(status)
            await kept.give(answer)

        await faults_on_the_wire.carry(fate, work, receive, send)

    async def answer(self, fault, service: str, principal, scope, body, receive, send) -> int:
        """The status answered. Whose a session is that STS issues is known before whoever asked for it can use it."""
        if fault:
            await respond(send, *fault.response())
            return fault.status
        status, chunks = 0, []

        async def watch(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif service == "sts":
                chunks.append(message.get("body", b""))
                for key in _ISSUED_KEY.findall(b"".join(chunks)):
                    principals.inherit(key.decode(), principal)
            await send(message)

        await self.application(scope, replay(body, receive), watch)
        return status


def account_of(access_key: str) -> str:
    if re.fullmatch(r"\d{12}", access_key):
        return access_key
    return responses._account_from_sts_session(access_key) or ACCOUNT


def under_customer_key(operation: Operation) -> bool:
    """Whether the bucket, queue or topic of a call is encrypted under a key that the caller must be allowed to use."""
    if operation.scope == "s3":
        bucket = operation.parameters.get("Bucket", "")
        # It may be another account's.
        encryption = s3._bucket_encryption.get_scoped(s3._bucket_owner_account(bucket), None, bucket) or ""
        found = _BUCKET_KEY.search(encryption)
        return is_customer_key(found.group(1) if found else "")
    if operation.scope == "sqs":
        queue = sqs._queues.get(operation.parameters.get("QueueUrl", "")) or {}
        return is_customer_key((queue.get("attributes") or {}).get("KmsMasterKeyId"))
    if operation.scope == "sns":
        topic = sns._topics.get(operation.parameters.get("TopicArn", "")) or {}
        return is_customer_key((topic.get("attributes") or {}).get("KmsMasterKeyId"))
    return False


def is_customer_key(key: str | None) -> bool:
    """AWS's own keys (`alias/aws/…`) let everyone in who may use the service; a customer's key asks for a permission."""
    return bool(key) and "alias/aws/" not in key


async def read_body(receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def replay(body: bytes, receive):
    """A `receive` that gives the body once more and then whatever follows (the client's hang-up)."""
    given = False

    async def once():
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


async def respond(send, status: int, headers: dict, body: bytes) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
