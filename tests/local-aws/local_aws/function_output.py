"""What a function prints: whole by the time that its answer is given, so that a test that reads it after a call finds it."""

import collections
import os
import select
import threading
import weakref

from ministack.core import lambda_runtime

from local_aws import plug

CHUNK = 65536
MOST_LINES = 10_000


class Output:
    """The pipe that a function's process prints into, and the lines that were read from it.

    Who reads holds the lock until the lines are kept. So who takes the lock finds all that was printed before: kept, or in the pipe.
    """

    def __init__(self, stream):
        self._stream = stream
        self._lock = threading.Lock()
        self._kept: collections.deque[str] = collections.deque(maxlen=MOST_LINES)
        self._begun = b""
        self._has_ended = False

    def pump(self) -> None:
        """Read until the process closes the pipe: one that nobody reads is full after 64 KiB, and stops the function."""
        while not self._has_ended:
            self._is_readable(None)
            with self._lock:
                self._read()
        self._stream.close()

    def printed(self) -> list[str]:
        """Every line that was printed by now, and not asked for before."""
        with self._lock:
            self._read()
            found = list(self._kept)
            self._kept.clear()
            return found

    def _is_readable(self, milliseconds: int | None) -> bool:
        """Whether there is something to read, or the end, within this time; without a time, wait for it."""
        # Two threads may not share one.
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def _read(self) -> None:
        while not self._has_ended and self._is_readable(0):
            found = os.read(self._stream.fileno(), CHUNK)
            self._has_ended = not found
            *lines, self._begun = (self._begun + (found or b"\n")).split(b"\n")
            self._kept.extend(line.decode("utf-8", errors="replace").rstrip("\r") for line in lines if line or found)


# By the queue that ministack makes for each process: the next process of a worker has another.
_outputs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def output_of(lines, stream) -> Output | None:
    """The output of a process; its own thread and the thread of its first call may ask at once."""
    with _lock:
        if lines not in _outputs and stream is not None:
            _outputs[lines] = Output(stream)
        return _outputs.get(lines)


@plug.replaces(lambda_runtime.ProvidedWorker, "_pump_output", "self", "stream", "log_queue")
def pump(_original, _worker, stream, log_queue) -> None:
    output_of(log_queue, stream).pump()


@plug.replaces(lambda_runtime.ProvidedWorker, "_drain_stderr_bounded", "self", "first_line_wait", "idle_confirm", "hard_cap")
def printed_by_now(_original, worker, **_waits) -> str:
    """Without a wait: a function has printed its lines before it answers."""
    process = worker._proc
    output = output_of(worker._stderr_queue, process and process.stdout)
    return "\n".join(output.printed()) if output else ""


@plug.replaces(lambda_runtime.ProvidedWorker, "_drain_stderr", "self")
def printed_before_its_end(_original, worker) -> str:
    return printed_by_now(None, worker)
