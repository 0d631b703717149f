"""Translation of findings: against the parser alone, in instructions, and through `tocsin replay`.

The documents are those of FINDINGS_CORPUS where it is set, else the project's own fixtures.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

REPEATS = 4000


def measure(repository: Path):
    files = documents_of(repository)
    yield from against_the_parser(repository, files)
    yield from instructions(repository, files)
    yield from replayed(repository)


def documents_of(repository: Path) -> list[Path]:
    corpus = os.environ.get("FINDINGS_CORPUS")
    if corpus:
        return sorted(Path(corpus).glob("*.jsonl"))
    return sorted(repository.glob("functions/incident/src/sources/*/fixtures/*.json"))


def against_the_parser(repository: Path, files: list[Path]):
    """Both in one process, the fastest of its rounds each; functions/incident/benches/translation.rs says how."""
    command = [*cargo_bench(), "--", *files]
    told = json.loads(subprocess.run(command, cwd=repository, stdout=subprocess.PIPE, text=True, check=True).stdout)
    what = f"{told['documents']} documents"
    share = lambda seconds: round(100 * told["parse_seconds"] / seconds)  # noqa: E731
    yield figure(
        f"parsing and translating {what}, of the speed of `serde_json` parsing them",
        share(told["read_seconds"]), "%", "at least 50", headline=True,
    )  # fmt: skip
    yield figure(f"translating {what}, parsed before, of that speed", share(told["translate_seconds"]), "%", "")


def instructions(repository: Path, files: list[Path]):
    """The difference between two runs that differ in rounds alone, so that neither start nor set-up counts."""
    if not shutil.which("valgrind"):
        yield figure("instructions a finding: not measured, valgrind is not installed", 0, "", "")
        return
    listed = subprocess.run(
        [*cargo_bench(), "--no-run", "--message-format=json"], cwd=repository, stdout=subprocess.PIPE, text=True, check=True
    )
    built = [json.loads(line) for line in listed.stdout.splitlines() if line.startswith("{")]
    (binary,) = [line["executable"] for line in built if line.get("executable")]
    counted, findings = {}, 1
    for what in ("parse", "read"):
        for rounds in (1, 2):
            command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary]
            command += ["--only", what, "--rounds", str(rounds), *files]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            counted[what, rounds] = int(re.search(r"Collected : (\d+)", done.stderr)[1])
            findings = json.loads(done.stdout)["findings"]
    read, parse = (counted[what, 2] - counted[what, 1] for what in ("read", "parse"))
    name = "instructions a finding, parsed and translated (callgrind)"
    yield figure(name, round(read / findings), "", "", headline=True)
    yield figure("the same, of which translation", round((read - parse) / findings), "", "")


def cargo_bench() -> list[str]:
    return ["cargo", "bench", "--locked", "--quiet", "-p", "incident", "--bench", "translation"]


def replayed(repository: Path):
    """The project's own fixtures, repeated to a few megabytes: translated, and planned for."""
    tocsin = repository / "target/release/tocsin"
    fixtures = sorted(repository.glob("functions/incident/src/sources/*/fixtures/*.json"))
    documents = [json.dumps(json.loads(fixture.read_text())) for fixture in fixtures]
    lines = ("\n".join(documents) + "\n") * (REPEATS // len(documents))
    started = time.perf_counter()
    subprocess.run([tocsin, "replay", "-"], input=lines.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - started
    yield figure("documents translated and planned, `tocsin replay`", round(lines.count("\n") / seconds), "/s", "", headline=True)
    yield figure("the same, in megabytes", round(len(lines) / 1e6 / seconds, 1), "MB/s", "")


def figure(name: str, value: float, unit: str, limit: str, headline: bool = False) -> dict:
    return {"name": name, "value": value, "unit": unit, "limit": limit, "headline": headline}
