"""Every policy equals what its principal was seen doing in the end-to-end tests, which run before this and leave their calls.

The local AWS does not enforce permissions: what is missing here would be refused only on AWS.
"""

import functools
import json
import pathlib
import sys

import pytest
from automation_runs import ACTIONS
from policies import compare
from targets import TARGETS

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "local-aws"))

from local_aws.template import expand  # noqa: E402 - needs the path above

RUNS = REPOSITORY / "target" / "local-aws"
PARAMETERS = {
    "responder.yaml": {"NoticeSender": "privacy@example.com", "NoticeSenderIdentity": "*"},
    "console.yaml": {"ConsoleOrigin": "https://tocsin.example.com", "SettingsBucket": "*"},
    "privacy-requests.yaml": {
        "PublicOrigin": "https://notices.example.com",
        "SettingsBucket": "*",
        "NoticeSender": "privacy@example.com",
        "NoticeSenderIdentity": "*",
        "OperatorTopic": "arn:aws:sns:eu-central-1:111122223333:tocsin-operator",
    },
    "member.yaml": {},
}
# The runs whose calls count. Every step of every action and its reversal is taken in the tests of the actions alone.
SEEN_IN = {"responder.yaml": ["e2e"], "console.yaml": ["e2e"], "privacy-requests.yaml": ["e2e"], "member.yaml": ["e2e", "actions"]}


@functools.cache
def calls_of(run: str) -> list[dict]:
    """What all workers saw."""
    paths = sorted(RUNS.glob(f"{run}-*/calls.jsonl"))
    if not paths:
        pytest.fail(f"no calls of {run} were kept: run all of tests/acceptance")
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_policy_is_what_was_used(name):
    calls = [call for run in SEEN_IN[name] for call in calls_of(run)]
    template = expand(REPOSITORY / "infra" / name, parameters=PARAMETERS[name])
    responder = expand(REPOSITORY / "infra" / "responder.yaml", parameters=PARAMETERS["responder.yaml"])
    findings = compare(template, calls, PARAMETERS[name], responder)
    assert findings == [], "\n".join(findings)


@pytest.mark.parametrize("action", TARGETS)
def test_policy_allows_exactly_the_calls_that_were_seen(action):
    """The tests of the actions take every way through the documents."""
    allowed = {
        name
        for statement in ACTIONS[action].policy["Statement"]
        if statement["Effect"] == "Allow"
        for name in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }
    own = {"kind": "automation", "name": ACTIONS[action].role}
    assert {name for call in calls_of("actions") if own.items() <= call["principal"].items() for name in call["actions"]} == allowed
