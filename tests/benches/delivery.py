"""A notice to 100,000 people by the real function and state machine, with a mail service that takes everything: mails a second, and memory.

The table and the list are the local AWS's, whose one Python process answers three calls a mail; so the time says nothing about AWS. What the
function itself spends is told from its own processor time. `python tests/benches/delivery.py --people 5000` runs a smaller one alone.
"""

import argparse
import http.server
import json
import os
import sys
import threading
import time
from pathlib import Path

from demo import organisation, stack
from local_aws import LocalAws

PEOPLE = 100_000
FUNCTION = "tocsin-deliver-notices"
# Runs at once: each has a process of its own.
RUNS = 2
NOW = "2026-11-20T10:00:00Z"
TICKS = os.sysconf("SC_CLK_TCK")


class MailService(http.server.BaseHTTPRequestHandler):
    """Takes every mail."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes, and the second would wait 40 ms for the first one's acknowledgement.
    disable_nagle_algorithm = True
    taken = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with MailService.lock:
            MailService.taken += 1
        body = b'{"MessageId":"m-1"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


def measure(repository: Path, count: int = PEOPLE):
    sys.path.insert(0, str(repository / "tests" / "acceptance"))
    from people import OBLIGATION, Notice, people

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), MailService)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    with LocalAws(repository / "target" / "local-aws" / "bench") as aws:
        deployed = stack.deploy(aws)
        organisation.put(aws, deployed.settings, organisation.settings(["shop-customer-data"]))
        use_mail_service(aws, service.server_address[1])
        # One batch after the other has room for all of them in a day, and none waits for its turn.
        aws.put_sending_quota(per_second=1_000_000, per_day=-1)
        notice = Notice(aws, deployed, duty(OBLIGATION))
        notice.told(people(count))
        notice.approve(notice.audience(count))
        started = time.perf_counter()
        execution = notice.begin(pace={"concurrency": RUNS, "pause_milliseconds": 0})
        early, late, spent = watch(aws, notice, execution, count)
        seconds = time.perf_counter() - started
        if MailService.taken != count:
            raise RuntimeError(f"{MailService.taken} mails went out to {count} people")
    name = f"mails of a notice to {count:,} people, processor time of `deliver-notices`"
    yield {"name": name, "value": round(count / spent), "unit": "mails/s/core", "limit": "", "headline": True}
    yield {"name": f"the same on the local AWS, {RUNS} runs at once", "value": round(count / seconds), "unit": "mails/s", "limit": ""}
    yield {"name": "peak memory of `deliver-notices` after a tenth", "value": round(early, 1), "unit": "MB", "limit": ""}
    name = f"peak memory of `deliver-notices` over {count:,} people"
    yield {"name": name, "value": round(late, 1), "unit": "MB", "limit": "flat: one batch of 500", "headline": True}


def duty(obligation: str) -> dict:
    """A duty that waits for nothing."""
    known = {"id": obligation, "rule": obligation.upper(), "jurisdiction": "US-CA", "citation": "Cal. Civ. Code 1798.82(a)"}
    known |= {"recipient_class": "residents", "standard": "within 30 days", "hard": True, "clock": "discovery"}
    known |= {"confidence": "high", "verified": "text", "reasons": [], "unknown_facts": [], "form": []}
    absent = ("recipient_detail", "due_at", "due_statutory_latest", "internal_target_at", "after", "notice", "notes", "source_url")
    return {"obligation": known | dict.fromkeys(absent), "facts_version": 1, "state": "open", "changed_at": NOW}


def use_mail_service(aws, port: int) -> None:
    functions = aws.client("lambda")
    variables = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
    variables["AWS_ENDPOINT_URL_SESV2"] = f"http://127.0.0.1:{port}"
    functions.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": variables})


def watch(aws, notice, execution: str, count: int) -> tuple[float, float, float]:
    """The most memory of one process after a tenth of the mails and at the end, in megabytes, and the processor time of all, in seconds."""
    early, late, spent = 0.0, 0.0, {}
    while notice.states.describe_execution(executionArn=execution)["status"] == "RUNNING" and MailService.taken < count:
        for process in aws.function_processes(FUNCTION):
            spent[process] = processor_time(process)
            late = max(late, peak(process))
        if not early and MailService.taken >= count / 10:
            early = late
        time.sleep(0.1)
    for process in aws.function_processes(FUNCTION):
        spent[process] = processor_time(process)
    return early, late, sum(spent.values())


def processor_time(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    for measured in measure(Path(__file__).resolve().parents[2], parser.parse_args().people):
        print(json.dumps(measured))
