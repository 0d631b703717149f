"""Start of a function: from process start to the first poll of the Runtime API, and the memory that it then holds.

A stub of the Runtime API notes when the poll arrives and lets it wait, as Lambda does.
"""

import os
import re
import socket
import statistics
import subprocess
import time
from pathlib import Path

ROUNDS = 15
PATIENCE = 10.0  # seconds
ORIGIN = "https://tocsin.example.com"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"


def measure(repository: Path):
    # One environment for all: a function reads the settings that it knows.
    settings = set()
    for main in repository.glob("functions/*/src/main.rs"):
        settings.update(re.findall(r'(?:given|required(?:_number)?)\("([A-Z_]+)"\)', main.read_text()))
    slowest, largest, size = (0.0, ""), (0.0, ""), (0.0, "")
    for bootstrap in sorted(repository.glob("target/lambda/*/bootstrap")):
        name = bootstrap.parent.name
        if not (repository / "functions" / name / "src/lib.rs").exists():
            continue
        runs = [one_start(bootstrap, settings) for _ in range(ROUNDS)]
        millis = statistics.median(run[0] for run in runs)
        memory = max(run[1] for run in runs)
        yield {"name": f"start to first poll, {name}", "value": round(millis, 1), "unit": "ms", "limit": "at most 15"}
        yield {"name": f"resident memory at first poll, {name}", "value": round(memory, 1), "unit": "MB", "limit": "at most 25"}
        slowest, largest = max(slowest, (millis, name)), max(largest, (memory, name))
        size = max(size, (bootstrap.stat().st_size / 1e6, name))
    for label, (value, name), unit, limit in (
        ("process start to first poll of the Runtime API, slowest", slowest, "ms", "at most 15"),
        ("resident memory at first poll, largest", largest, "MB", "at most 25"),
        ("size of a function, largest", size, "MB", ""),
    ):
        yield {"name": f"{label} ({name})", "value": round(value, 1), "unit": unit, "limit": limit, "headline": True}


def value_of(setting: str) -> str:
    """What a function takes for this setting."""
    if setting in ("CONSOLE_ORIGIN", "OIDC_ISSUER"):
        return ORIGIN
    return KEY if setting.endswith("_KEY_ARN") else "1"


def one_start(bootstrap: Path, settings: set[str]) -> tuple[float, float]:
    """Milliseconds to the first poll, and megabytes resident then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        environment = {
            "PATH": os.environ["PATH"],
            **{setting: value_of(setting) for setting in settings},
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": bootstrap.parent.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }
        started = time.perf_counter()
        process = subprocess.Popen([bootstrap], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE)
                request = connection.recv(4096)
                elapsed = time.perf_counter() - started
                if b"/invocation/next" not in request:
                    raise RuntimeError(f"{bootstrap} did not poll: {request[:80]!r}")
                status = Path(f"/proc/{process.pid}/status").read_text()
                return elapsed * 1000, int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        except TimeoutError as error:
            raise RuntimeError(f"{bootstrap} did not start: {process.stderr.read1().decode()}") from error
        finally:
            process.kill()
            process.communicate()
