"""200 reviewers at the console on the local AWS: how long a page takes them, and pages a second that one core of the real function makes.

Each reads the queue, a text in review with its frame, and the incident, and thinks in between. The table and the gateway are the local
AWS's, whose one Python process answers every call of every page, on the same cores: how long a page takes says little about AWS. What
the function itself spends is told from its own processor time. `python tests/benches/readers.py` runs it alone.
"""

import argparse
import base64
import collections
import hashlib
import http.client
import json
import random
import secrets
import statistics
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from boto3.dynamodb.types import TypeSerializer
from demo import console as demo_console
from demo import organisation, shop, stack
from delivery import processor_time
from local_aws import LocalAws

FUNCTION = "tocsin-console"
REVIEWERS = 200
# So many open incidents stand in the list.
INCIDENTS = 5
SECONDS = 120
# How often one reader opens each page before.
ALONE = 20
# How long a reviewer reads a page, on average.
THINKS_SECONDS = 60
SEED = 20_261_123
SESSION = "__Host-tocsin"


def measure(repository: Path, reviewers: int = REVIEWERS, seconds: float = SECONDS):
    sys.path.insert(0, str(repository / "tests" / "acceptance"))
    with LocalAws(repository / "target" / "local-aws" / "bench") as aws:
        deployed = stack.deploy(aws)
        with demo_console.opened(aws, deployed):
            incident = at_gate(aws, deployed)
            known = [incident.incident, *copies(aws, deployed, incident, INCIDENTS - 1)]
            pages = [paths(incident, name) for name in known]
            cookies = sessions(aws, deployed, reviewers)
            for route, path in {named(path): path for path in pages[0]}.items():
                spent = Spent(aws)
                alone = statistics.median(ask(demo_console.origin(aws), cookies[0], path)[0] for _ in range(ALONE))
                used = spent.seconds() / ALONE
                yield {"name": f"`{route}`, one reader, local AWS", "value": round(alone * 1000), "unit": "ms", "limit": ""}
                yield {"name": f"`{route}`, processor time of the function", "value": round(used * 1000, 1), "unit": "ms", "limit": ""}
            spent = Spent(aws)
            took, faults = at_work(demo_console.origin(aws), cookies, pages, seconds)
            used = spent.seconds()
    count = sum(map(len, took.values()))
    every = sorted(second for held in took.values() for second in held)
    for kind, held in sorted(took.items()):
        yield {"name": f"`{kind}`, 99th percentile, {reviewers} reviewers, local AWS", "value": round(rank(sorted(held), 0.99) * 1000), "unit": "ms", "limit": ""}
    name = f"a page of the console, half of them, {reviewers} reviewers at once, local AWS"
    yield {"name": name, "value": round(rank(every, 0.5) * 1000), "unit": "ms", "limit": ""}
    name = f"a page of the console, 99th percentile, {reviewers} reviewers at once, local AWS"
    yield {"name": name, "value": round(rank(every, 0.99) * 1000), "unit": "ms", "limit": "", "headline": True}
    # A local AWS that does not keep up lets a page run into the function's time-out.
    shown = f", such as `{faults[0]}`" if faults else ""
    yield {"name": f"pages that were not shown{shown}", "value": len(faults), "unit": "", "limit": "0"}
    yield {"name": "pages that they opened", "value": round(count / seconds, 1), "unit": "/s", "limit": ""}
    yield {"name": "pages of the console, processor time of the function", "value": round(count / used), "unit": "/s/core", "limit": "", "headline": True}


def rank(held: list[float], share: float) -> float:
    """The least that is at least as long as this share of them."""
    return held[min(len(held) - 1, int(len(held) * share))]


def named(path: str) -> str:
    """The route, without what it names."""
    parts = path.strip("/").split("/")
    return "/" + "/".join([parts[0], *(["…"] if len(parts) > 1 else []), *(["text"] if parts[-1] == "text" else [])])


def at_gate(aws, deployed):
    """A response with its notices before counsel."""
    from responses import Response

    opened = shop.open_shop(aws, "bench")
    organisation.put(aws, deployed.settings, organisation.settings([opened.bucket]))
    response = Response(aws, deployed, stack.watch_pages(aws, deployed), opened, 1)
    response.publish()
    response.until_gate()
    return response


def copies(aws, deployed, response, number: int) -> list[str]:
    """Further incidents whose records are the same but for the name."""
    rows = [item for key, item in response.records.everything().items() if response.incident in key[0] + key[1]]
    rows = [item for item in rows if not item["pk"].startswith(("GATE#", "APPROVAL-GATE#"))]
    names = [f"inc-{number:020x}" for number in range(1, number + 1)]
    serialize, client = TypeSerializer().serialize, aws.client("dynamodb")
    for name in names:
        for item in rows:
            item = json.loads(json.dumps(item).replace(response.incident, name))
            client.put_item(TableName=deployed.table, Item={key: serialize(value) for key, value in item.items()})
    return names


def paths(response, name: str) -> list[str]:
    waiting = [f"/reviews/{name}/{review['obligation']}/{review['version']}" for review in response.records.waiting(response.incident)]
    return ["/incidents", "/reviews", *[path for review in waiting for path in (review, f"{review}/text")], f"/incidents/{name}"]


def sessions(aws, deployed, number: int) -> list[str]:
    """Cookies of so many people. One has really signed in, and the others have sessions like theirs."""
    from console import Browser, people

    browser = Browser(demo_console.origin(aws))
    browser.sign_in(people("counsel")[0])
    client = aws.client("dynamodb")
    key = {"pk": {"S": f"SESSION#{digest(browser.session)}"}, "sk": {"S": "SESSION"}}
    item = client.get_item(TableName=deployed.table, Key=key)["Item"]
    cookies = [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=") for _ in range(number)]
    for cookie in cookies:
        client.put_item(TableName=deployed.table, Item=item | {"pk": {"S": f"SESSION#{digest(cookie)}"}})
    return cookies


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ask(origin: str, cookie: str, path: str) -> tuple[float, int]:
    """Seconds until the whole page was there, and its status."""
    split = urllib.parse.urlsplit(origin)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=120)
    started = time.perf_counter()
    connection.request("GET", path, headers={"cookie": f"{SESSION}={cookie}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return time.perf_counter() - started, answer.status


def at_work(origin: str, cookies: list[str], pages: list[list[str]], seconds: float) -> tuple[dict[str, list[float]], list[str]]:
    """How long each page took whom, by route; and what was not shown."""
    took: dict[str, list[float]] = collections.defaultdict(list)
    faults: list[str] = []
    lock, until = threading.Lock(), time.perf_counter() + seconds

    def work(number: int) -> None:
        chance = random.Random(SEED + number)
        # They do not all begin in the same moment.
        time.sleep(chance.uniform(0, THINKS_SECONDS))
        while time.perf_counter() < until:
            for path in chance.choice(pages):
                if time.perf_counter() >= until:
                    return
                second, status = ask(origin, cookies[number], path)
                with lock:
                    took[named(path)].append(second)
                    if status != 200:
                        faults.append(f"{path}: {status}")
                # The frame loads with its page.
                if not path.startswith("/reviews/") or path.endswith("/text"):
                    time.sleep(chance.uniform(0, 2 * THINKS_SECONDS))

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(cookies))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, until - time.perf_counter()) + 120)
    return took, faults


class Spent:
    """The processor time that the function's processes use from now on."""

    def __init__(self, aws):
        self._aws, self._last, self._ended = aws, {}, threading.Event()
        self._first = self._now()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _now(self) -> dict[int, float]:
        found = {}
        for process in self._aws.function_processes(FUNCTION):
            try:
                found[process] = processor_time(process)
            except OSError:
                continue
        return found

    def _watch(self) -> None:
        # What a process had used is gone when it ends.
        while not self._ended.wait(1):
            self._last |= self._now()

    def seconds(self) -> float:
        self._ended.set()
        self._watcher.join()
        self._last |= self._now()
        return sum(used - self._first.get(process, 0.0) for process, used in self._last.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviewers", type=int, default=REVIEWERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    for measured in measure(Path(__file__).resolve().parents[2], options.reviewers, options.seconds):
        print(json.dumps(measured), flush=True)
