"""`make demo` as it is run: in a process of its own, with a local AWS of its own."""

import os
import pathlib
import re
import subprocess
import sys

from demo import places

PACKAGES = places.REPOSITORY / "tests" / "local-aws"
ESCAPE = re.compile("\x1b")


def demo(**settings) -> subprocess.CompletedProcess:
    """Run it without a terminal. Its files go to their usual place, so runs of it follow one another."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=PACKAGES,
        env={**environment, **{name: str(value) for name, value in settings.items()}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )


def left_running() -> list[str]:
    """Processes that still work in the demo's run directory, or were started from it."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            started = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            works_in = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(places.RUN) in started or works_in.startswith(str(places.RUN)):
            found.append(started)
    return found


def assert_fit_for_people(text: str) -> None:
    assert not ESCAPE.search(text), "no colour where nobody looks at a terminal"
    wide = [line for line in text.splitlines() if len(line) > 100]
    assert wide == []
