"""Translation of findings: `tocsin replay` over the project's own fixtures, repeated to a few megabytes."""

import json
import resource
import subprocess
import time
from pathlib import Path

REPEATS = 4000


def measure(repository: Path):
    tocsin = repository / "target/release/tocsin"
    fixtures = sorted(repository.glob("functions/incident/src/sources/*/fixtures/*.json"))
    documents = [json.dumps(json.loads(fixture.read_text())) for fixture in fixtures]
    lines = ("\n".join(documents) + "\n") * (REPEATS // len(documents))
    started = time.perf_counter()
    subprocess.run([tocsin, "replay", "-"], input=lines.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    count = lines.count("\n")
    yield {"name": "findings translated and planned", "value": round(count / seconds), "unit": "/s", "limit": "", "headline": True}
    yield {"name": "megabytes of findings translated", "value": round(len(lines) / 1e6 / seconds, 1), "unit": "MB/s", "limit": ""}
    yield {"name": "memory of all measured processes, largest", "value": round(memory, 1), "unit": "MB", "limit": ""}
