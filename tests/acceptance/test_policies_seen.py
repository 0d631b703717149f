"""Every policy equals what its principal was seen doing in the end-to-end tests, which run before this and leave their calls.

The local AWS does not enforce permissions: what is missing here would be refused only on AWS.
"""

import json
import pathlib
import sys

import pytest
from policies import compare

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "local-aws"))

from local_aws.template import expand  # noqa: E402 - needs the path above

CALLS = REPOSITORY / "target" / "local-aws" / "e2e" / "calls.jsonl"
PARAMETERS = {"responder.yaml": {"NoticeSender": "privacy@example.com", "NoticeSenderIdentity": "*"}, "member.yaml": {}}


@pytest.fixture(scope="module")
def calls():
    if not CALLS.is_file():
        pytest.fail(f"{CALLS.relative_to(REPOSITORY)} is missing: run the end-to-end tests first")
    return [json.loads(line) for line in CALLS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_policy_is_what_was_used(calls, name):
    parameters = PARAMETERS[name]
    template = expand(REPOSITORY / "infra" / name, parameters=parameters)
    findings = compare(template, calls, parameters)
    assert findings == [], "\n".join(findings)
