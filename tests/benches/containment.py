"""The way of one finding on the local AWS: `make demo` without its build, and what it says of its durations."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def measure(repository: Path):
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "demo"],
        env={**os.environ, "YES": "1", "FINDING": ""},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    yield {
        "name": "`make demo`, built before", "value": round(time.perf_counter() - started, 1), "unit": "s",
        "limit": "at most 60", "headline": True,
    }
    durations = json.loads((repository / "target/demo/summary.json").read_text())["seconds"]
    yield {
        "name": "finding published to containment observed, local AWS", "value": round(durations["contained"], 2), "unit": "s",
        "limit": "at most 5", "headline": True,
    }
