"""The gateway's side of the script worker: starts it, hands it scripts, ends a script that takes too long."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from local_aws.automation.errors import StepFailed, StepTimedOut

# What a script asks boto3 for.
_CLIENT = re.compile(r"""boto3\.client\(\s*["']([a-z0-9-]+)["']""")
_lock = threading.Lock()
_control: socket.socket | None = None
_process: subprocess.Popen | None = None


def start() -> None:
    """Start the worker; it is ready by the time the first document runs."""
    global _control, _process
    _control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "local_aws.automation.script_worker", str(theirs.fileno())]
    _process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
    theirs.close()


def run(script: str, handler: str, payload: dict, context: dict, environment: dict, seconds: float) -> dict:
    """The script's answer: {payload, printed}. A script that fails or takes too long fails its step."""
    ours, theirs = socket.socketpair()
    with ours:
        with _lock:
            if _control is None or _process.poll() is not None:
                theirs.close()
                raise RuntimeError("the script worker is not running; see gateway.log")
            services = sorted(set(_CLIENT.findall(script)))
            # Never empty: an empty message says that nothing more will come.
            socket.send_fds(_control, [" ".join(["s3", *services]).encode()], [theirs.fileno()])
        theirs.close()
        request = {"script": script, "handler": handler, "payload": payload, "context": context, "environment": environment}
        deadline = time.monotonic() + seconds
        ours.settimeout(seconds)
        process_id = 0
        try:
            reader = ours.makefile("rb")
            # A worker that is still loading answers late; the script's time starts with its process.
            ours.settimeout(60)
            process_id = int(reader.readline())
            deadline = time.monotonic() + seconds
            ours.sendall(json.dumps(request).encode())
            ours.shutdown(socket.SHUT_WR)
            ours.settimeout(max(0.01, deadline - time.monotonic()))
            line = reader.readline()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
            raise StepTimedOut(f"the script ran longer than {seconds:g} seconds") from None
    if not line:
        raise StepFailed("the script's process ended without an answer")
    answer = json.loads(line)
    if "error" in answer:
        raise StepFailed(f"the script failed: {answer['error'].strip()}")
    return answer
