"""The way of one finding on the local AWS: `make demo` without its build, and the time to containment that it tells."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 3


def measure(_repository: Path):
    seconds, contained = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        environment = {**os.environ, "YES": "1", "FINDING": ""}
        demo = subprocess.run([sys.executable, "-m", "demo"], env=environment, stdout=subprocess.PIPE, text=True, check=True)
        seconds.append(time.perf_counter() - started)
        told = re.search(r"Finding published to every action observed: ([\d.]+) s", demo.stdout)
        if told is None:
            raise RuntimeError("the demo does not say when every action was observed")
        contained.append(float(told[1]))
    yield figure(f"finding published to containment observed, local AWS, slowest of {ROUNDS}", max(contained), "at most 5")
    yield figure(f"`make demo`, built before, slowest of {ROUNDS}", max(seconds), "at most 60")


def figure(name: str, seconds: float, limit: str) -> dict:
    return {"name": name, "value": round(seconds, 2), "unit": "s", "limit": limit, "headline": True}
