"""Runs the scripts of `aws:executeScript` steps, each in a process of its own.

Importing boto3 and its models takes longer than any of our scripts. This process has done it once, before the first script comes,
and forks for each script: the child gets the environment of its automation role and nothing of any other script.

A request is a socket, passed over the control socket with the names of the services that the script calls. On it comes {script, handler, payload, context, environment} until the sender
closes its side; back go two lines: the process id, then {payload} or {error}, each with what the script printed.
"""

import contextlib
import gc
import io
import json
import os
import signal
import socket
import sys
import time
import traceback

WARM_SERVICES = ("ec2", "iam", "s3")
_warm: set[str] = set()
# Bytes; the names of all services have fewer.
MOST_NAMES = 8192
# What scripts wait for is here sooner than on AWS.
FASTER = 4


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    warm(WARM_SERVICES)
    # Children end by themselves; the kernel reaps them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        names, descriptors, _flags, _address = socket.recv_fds(control, MOST_NAMES, 1)
        if not names:
            return
        warm(names.decode().split())
        if os.fork() == 0:
            control.close()
            serve(socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


def warm(services) -> None:
    """Load what scripts load, so that a fork has it: `boto3.client` then only assembles."""
    missing = [service for service in services if service not in _warm]
    if not missing:
        return
    gc.disable()
    import boto3

    for service in missing:
        # A script may name a service that there is not: that is for the script to meet.
        with contextlib.suppress(Exception):
            boto3.client(service, region_name="eu-central-1", aws_access_key_id="warm", aws_secret_access_key="warm")
    _warm.update(missing)
    gc.freeze()
    gc.enable()


def serve(connection: socket.socket) -> None:
    with connection:
        connection.sendall(f"{os.getpid()}\n".encode())
        chunks = []
        while chunk := connection.recv(65536):
            chunks.append(chunk)
        answer = run(json.loads(b"".join(chunks)))
        connection.sendall(json.dumps(answer).encode() + b"\n")


def run(request: dict) -> dict:
    os.environ.clear()
    os.environ.update(request["environment"])
    printed = io.StringIO()
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(seconds / FASTER)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            namespace = {"__name__": "automation_script"}
            exec(compile(request["script"], "<script>", "exec"), namespace)  # it is what the step is for
            handler = namespace.get(request["handler"])
            if not callable(handler):
                raise NameError(f"the script has no function `{request['handler']}`")
            payload = handler(request["payload"], request["context"])
            payload = json.loads(json.dumps(payload))
    except BaseException as error:
        lines = traceback.format_exception(error)
        return {"error": "".join(line for line in lines if "script_worker.py" not in line), "printed": printed.getvalue()}
    return {"payload": payload, "printed": printed.getvalue()}


if __name__ == "__main__":
    main()
