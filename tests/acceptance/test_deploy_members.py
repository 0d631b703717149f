"""The stack set of the member accounts: which calls are made, against an `aws` that only writes down what it is asked."""

import json
import os
import pathlib
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
AWS = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
answer = json.loads(os.environ["ANSWERS"]).get(sys.argv[2], "")
sys.exit(answer) if isinstance(answer, int) else print(answer)
"""
SETTINGS = {
    "MEMBER_STACK": "tocsin-member",
    "TEMPLATE_URL": "https://bucket.s3.eu-central-1.amazonaws.com/tocsin/member.json",
    "SECURITY_ACCOUNT": "111122223333",
    "HOME_REGION": "eu-central-1",
    "ORGANIZATION_ID": "o-a1b2c3d4e5",
    "ORGANIZATIONAL_UNITS": "ou-ab12-11111111 ou-ab12-22222222",
    "MEMBER_REGIONS": "us-west-2 eu-central-1",
    "POLL_SECONDS": "0",
}
ENDED = {"create-stack-instances": "op-2", "update-stack-set": "op-1", "describe-stack-set-operation": "SUCCEEDED"}


@pytest.fixture
def deploy(tmp_path):
    """Runs the script where `aws` answers as told: a text, or a code to end with."""
    program = tmp_path / "aws"
    program.write_text(AWS, encoding="utf-8")
    program.chmod(0o755)

    def run(answers: dict) -> tuple[int, str, list[list[str]]]:
        log = tmp_path / "calls"
        environment = SETTINGS | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(log), "ANSWERS": json.dumps(answers)}
        done = subprocess.run([REPOSITORY / "infra/deploy-members.sh"], env=environment, capture_output=True, text=True, timeout=30)
        calls = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        assert all(call[0] == "cloudformation" and call[2:4] == ["--call-as", "DELEGATED_ADMIN"] for call in calls)
        return done.returncode, done.stderr, [call[1:] for call in calls]

    return run


def option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def test_first_time_makes_the_set_and_its_instances(deploy):
    code, _, calls = deploy(ENDED | {"describe-stack-set": 254})
    assert code == 0
    assert [call[0] for call in calls] == [
        "describe-stack-set",
        "create-stack-set",
        "create-stack-instances",
        "describe-stack-set-operation",
    ]
    made, placed = calls[1], calls[2]
    assert option(made, "--auto-deployment") == "Enabled=true,RetainStacksOnAccountRemoval=true"
    assert "ParameterKey=OrganizationId,ParameterValue=o-a1b2c3d4e5" in made
    # The security account has a stack of its own; a second one there would want the same names.
    assert option(placed, "--deployment-targets") == (
        "OrganizationalUnitIds=ou-ab12-11111111,ou-ab12-22222222,Accounts=111122223333,AccountFilterType=DIFFERENCE"
    )
    where = placed[placed.index("--regions") + 1 : placed.index("--operation-preferences")]
    assert where == ["eu-central-1", "us-west-2"], "the home region, which has the roles, once"


def test_later_every_account_gets_the_new_template_before_new_regions_come(deploy):
    code, _, calls = deploy(ENDED)
    assert code == 0
    assert [call[0] for call in calls] == [
        "describe-stack-set",
        "update-stack-set",
        "describe-stack-set-operation",
        "create-stack-instances",
        "describe-stack-set-operation",
    ]
    assert option(calls[2], "--operation-id") == "op-1"
    assert "--regions" not in calls[1]


@pytest.mark.parametrize("answers", [{"describe-stack-set-operation": "FAILED"}, {"create-stack-instances": 1}, {"update-stack-set": 1}])
def test_roll_out_that_fails_is_no_success(deploy, answers):
    code, said, _ = deploy(ENDED | answers)
    assert code != 0
    if "describe-stack-set-operation" in answers:
        assert "tocsin-member is FAILED" in said
