"""One local AWS with Tocsin deployed, shared by the tests of the whole way; its recorded calls stay in target/local-aws/e2e-….

Several workers run beside each other, each with a local AWS of its own: tests wait more than they work. A file is of one worker.
"""

import itertools
import json
import os
import pathlib
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "local-aws"))

from approvers import Approver  # noqa: E402
from automation_runs import Documents, render  # noqa: E402
from data_subjects import ORIGIN  # noqa: E402
from demo import console as demo_console  # noqa: E402
from demo import containment, organisation, places, shop, stack  # noqa: E402
from demo import requests as demo_requests  # noqa: E402
from local_aws import LocalAws  # noqa: E402
from responses import Response  # noqa: E402
from reviewers import Reviewer  # noqa: E402


# Of these workers. Without workers, there is one.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
# What takes minutes comes first, so that no worker is left with it at the end.
LONG = ("actions", "corpus_end_to_end", "storm", "console_access", "console_hostile_requests", "object_copies", "wire_faults", "demo", "actions_that_preserve")


def pytest_configure():
    """The templates include what is made of the actions' folders."""
    if WORKER == "alone":
        render.write()


@pytest.fixture(scope="session")
def aws():
    missing = places.missing()
    assert not missing, f"run `make build` first: {missing[0]} is missing"
    with LocalAws(REPOSITORY / "target" / "local-aws" / f"e2e-{WORKER}") as local:
        yield local


@pytest.fixture(scope="session")
def actions_aws():
    """A local AWS with nothing of Tocsin but the documents and their roles."""
    with LocalAws(REPOSITORY / "target" / "local-aws" / f"actions-{WORKER}") as local:
        local.deploy("tocsin-member", REPOSITORY / "infra/member.yaml", stack.member_parameters(local))
        yield local


@pytest.fixture
def documents(actions_aws):
    """Runs documents there; faults that a test ordered end with it."""
    runner = Documents(actions_aws)
    yield runner
    runner.mend()


@pytest.fixture(scope="session")
def tocsin(aws):
    """Tocsin as it is deployed."""
    return stack.deploy(aws)


@pytest.fixture(scope="session")
def console(aws, tocsin):
    """The console, and the provider that its people sign in with: `origin` and `issuer`."""
    with demo_console.opened(aws, tocsin) as provider:
        yield provider


@pytest.fixture(scope="session")
def requests_api(aws, tocsin):
    """Where the API answers that people ask about their own data."""
    return demo_requests.opened(aws, tocsin, ORIGIN)


@pytest.fixture(scope="session")
def operator(aws, tocsin):
    """The queue that every page to the operator reaches."""
    return stack.watch_pages(aws, tocsin)


@pytest.fixture(scope="session")
def reviewers(aws, tocsin):
    """Two lawyers."""
    return [Reviewer(aws, tocsin.decision_url, name, stack.admit_counsel(aws, name)) for name in stack.COUNSEL]


@pytest.fixture(scope="session")
def approvers(aws, tocsin):
    """Two people who may approve containment."""
    return [Approver(aws, tocsin.approval_url, name, stack.admit_approver(aws, name)) for name in stack.APPROVERS]


@pytest.fixture(scope="session")
def escalated(aws, tocsin):
    """The queue that every escalated page reaches."""
    return stack.watch_escalations(aws, tocsin)


@pytest.fixture(scope="session")
def open_shop(aws, tocsin, operator):
    """Opens a shop of its own for a test, with an intruder of its own, so that no incident joins another's; its bucket is in the data inventory."""
    numbers = itertools.count(1)
    buckets: list[str] = []

    def open_one(place=None) -> tuple[shop.Shop, int]:
        number = next(numbers)
        opened = shop.open_shop(place or aws, f"shop{number}", intruder=f"198.51.100.{100 + number}")
        buckets.append(opened.bucket)
        organisation.put(aws, tocsin.settings, organisation.settings(buckets))
        return opened, number

    return open_one


@pytest.fixture
def guarded(aws, tocsin):
    """Signs other settings of containment for one test: `guarded(protected=[…])`."""
    yield lambda **changes: containment.put(aws, tocsin.settings, tocsin.settings_key, containment.document(aws.account, **changes))
    containment.put(aws, tocsin.settings, tocsin.settings_key, containment.document(aws.account))


@pytest.fixture(scope="session")
def attack(aws, tocsin, operator, open_shop):
    """A shop whose credentials were stolen, in another account and region if so wanted; the finding is not published yet."""

    def attack_one(place=None) -> Response:
        opened, number = open_shop(place)
        return Response(aws, tocsin, operator, opened, number, place)

    return attack_one


@pytest.fixture(scope="session")
def undecided(attack):
    """A response whose notices wait for counsel; for tests that look, and decide nothing."""
    response = attack()
    response.publish()
    response.until_gate()
    return response


@pytest.fixture(scope="session")
def answered(attack, reviewers):
    """The response, after counsel approved every notice; with the tokens and answers seen on the way."""
    response = attack()
    response.publish(times=5)
    event = {"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": response.finding}
    for _ in range(2):
        response.aws.client("sqs").send_message(QueueUrl=response.stack.queue, MessageBody=json.dumps(event))
    response.until_gate()
    assert response.mails() == []
    response.asked, response.answers, response.tokens_seen = [], [], {}
    while not response.watch.has_ended():
        response.tokens_seen |= response.tokens()
        for review in response.records.waiting(response.incident):
            response.asked.append(review)
            response.answers.append(reviewers[0].approve(response, review))
        response.until_gate_or_ended()
    # Other responses send theirs later.
    response.sent = response.mails()
    return response


@pytest.fixture(autouse=True)
def without_faults(request):
    """No fault that a test ordered outlives it."""
    yield
    if "aws" in request.fixturenames:
        request.getfixturevalue("aws").clear_faults()


def pytest_collection_modifyitems(items):
    """What compares policies with the calls that were seen comes after everything that makes calls."""
    places = {f"test_{name}": place for place, name in enumerate(LONG)} | {"test_policies_seen": len(LONG) + 1}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


def pytest_ignore_collect(collection_path):
    """Findings of other people are no part of this repository: without their folder there is nothing to collect."""
    if collection_path.name == "test_corpus_end_to_end.py" and not os.environ.get("FINDINGS_CORPUS"):
        return True
    return None
