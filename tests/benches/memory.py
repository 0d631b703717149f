"""Memory of `tocsin replay` over a gigabyte of JSON Lines, which comes through a pipe and is never on a disk."""

import json
import subprocess
import threading
from pathlib import Path

GIGABYTE = 1_000_000_000
# Where memory is looked at: a reader that keeps something of each line holds more at the end than here.
EARLY = GIGABYTE // 20


def measure(repository: Path):
    fixtures = sorted(repository.glob("functions/incident/src/sources/*/fixtures/*.json"))
    lines = b"".join(json.dumps(json.loads(fixture.read_text())).encode() + b"\n" for fixture in fixtures)
    chunk = lines * (1_000_000 // len(lines) + 1)
    command = [repository / "target/release/tocsin", "replay", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    # Its output goes the same way as into a file, and is dropped here.
    drain = threading.Thread(target=drop, args=(process.stdout,), daemon=True)
    drain.start()
    written, early = 0, 0.0
    while written < GIGABYTE:
        process.stdin.write(chunk)
        written += len(chunk)
        if not early and written >= EARLY:
            early = peak(process.pid)
    late = peak(process.pid)
    process.stdin.close()
    drain.join()
    process.wait()
    yield {"name": "peak memory of `tocsin replay` after 50 MB", "value": round(early, 1), "unit": "MB", "limit": ""}
    name = "peak memory of `tocsin replay` over 1 GB of JSON Lines"
    yield {"name": name, "value": round(late, 1), "unit": "MB", "limit": "flat: as after 50 MB", "headline": True}


def drop(output) -> None:
    while output.read(1 << 20):
        pass


def peak(process: int) -> float:
    """The most memory that was ever resident, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
