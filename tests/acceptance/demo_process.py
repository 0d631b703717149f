"""`make demo` as it is run: in a process of its own, with a local AWS of its own."""

import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import time

from demo import places

PACKAGES = places.REPOSITORY / "tests" / "local-aws"
ESCAPE = re.compile("\x1b")


def demo(folder: pathlib.Path, **settings) -> subprocess.CompletedProcess:
    """Run it without a terminal, with its files in `folder`."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "demo", "--run-dir", str(folder / "run"), "--results", str(folder)],
        cwd=PACKAGES,
        env={**environment, **{name: str(value) for name, value in settings.items()}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )


def left_running(folder: pathlib.Path) -> list[str]:
    """Processes that still work in the run's folder, or were started from it."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            started = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            works_in = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(folder) in started or works_in.startswith(str(folder)):
            found.append(started)
    return found


def assert_fit_for_people(text: str) -> None:
    assert not ESCAPE.search(text), "no colour where nobody looks at a terminal"
    wide = [line for line in text.splitlines() if len(line) > 100]
    assert wide == []


class Terminal:
    """The demo at a terminal, and the person in front of it."""

    def __init__(self, folder: pathlib.Path, **settings):
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.here, there = pty.openpty()
        self.shown, self.read_to = "", 0
        # Whoever runs the tests in the background has them ignore what a terminal sends.
        self.process = subprocess.Popen(
            ["env", "--default-signal=INT", sys.executable, "-m", "demo", "--run-dir", str(folder / "run"), "--results", str(folder)],
            cwd=PACKAGES,
            env={**environment, "TERM": "xterm", **{name: str(value) for name, value in settings.items()}},
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
        )
        os.close(there)

    def read(self, seconds: float) -> bool:
        """Read what has come; whether there can be more."""
        if not select.select([self.here], [], [], seconds)[0]:
            return True
        try:
            self.shown += os.read(self.here, 65536).decode(errors="replace")
        except OSError:  # how Linux says that the other end was closed
            return False
        return True

    def answer(self, question: str, text: str, seconds: float = 60) -> str:
        """Wait for a question and answer it; what was shown since the last one."""
        deadline = time.monotonic() + seconds
        while question not in self.shown[self.read_to :]:
            assert time.monotonic() < deadline and self.read(1), self.shown[self.read_to :]
        before, self.read_to = self.shown[self.read_to :], len(self.shown)
        os.write(self.here, f"{text}\n".encode())
        return before

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + 120
        while self.read(60):
            assert time.monotonic() < deadline, self.shown[self.read_to :]
        os.close(self.here)
        return self.process.wait(timeout=30)
