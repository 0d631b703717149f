"""Real findings of other people all the way, by `make demo FINDING=…`; only where FINDINGS_CORPUS names their folder.

Nothing of the findings is kept here: each is named by file and line, with what has to come of it.
"""

import os
import pathlib
import re

import pytest
from demo_process import assert_fit_for_people, demo, left_running

# File, line, what it is about, and the actions whose effect the account must show.
FINDINGS = [
    ("aws-samples__amazon-guardduty-automated-response-sample.jsonl", 1, "EC2 instance, GuardDuty", ["isolate-instance"]),
    ("cruxstack__aws-securityhubv2-bot.jsonl", 6, "EC2 instance, OCSF", ["isolate-instance"]),
    ("aws-solutions__automated-security-response-on-aws.jsonl", 115, "S3 bucket, ASFF", ["lock-bucket"]),
    ("panther-labs__panther-analysis.jsonl", 181, "IAM role, ASFF", ["revoke-role-sessions"]),
    ("panther-labs__panther-analysis.jsonl", 173, "IAM role, GuardDuty", ["revoke-role-sessions"]),
    ("cloud-custodian__cloud-custodian.jsonl", 28, "IAM user, ASFF", []),
    ("aws-solutions__automated-security-response-on-aws.jsonl", 21, "Lambda function, ASFF", []),
    ("blu371ck__GuardDuty-SOAR.jsonl", 32, "RDS database, GuardDuty", []),
]
RECORDED_ONLY = [("prowler-cloud__prowler.jsonl", 1, "failed check of an ECS task definition, OCSF")]
# The documents name resources that cannot exist, so nothing can take effect: a person is paged, and the way goes on.
IMPOSSIBLE = [("blu371ck__GuardDuty-SOAR.jsonl", 25, "two S3 buckets with placeholder names, GuardDuty")]


def corpus() -> pathlib.Path:
    return pathlib.Path(os.environ["FINDINGS_CORPUS"])


@pytest.mark.parametrize(("file", "line", "about", "actions"), FINDINGS)
def test_finding_goes_all_the_way(tmp_path, file, line, about, actions):
    done = demo(tmp_path, FINDING=corpus() / f"{file}:{line}", YES=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_fit_for_people(done.stdout)
    said = " ".join(done.stdout.split())
    for action in actions:
        assert re.search(rf"{action} on [^ ]+: contained", said)
    if not actions:
        assert "no action fits, a person decides" in said or "(asks a person first)" in said
        assert " page " in said
    assert (tmp_path / "report.html").is_file()
    assert "holds: " in done.stdout
    assert left_running(tmp_path) == []


@pytest.mark.parametrize(("file", "line", "about"), RECORDED_ONLY)
def test_failed_check_is_recorded_and_opens_no_incident(tmp_path, file, line, about):
    done = demo(tmp_path, FINDING=corpus() / f"{file}:{line}", YES=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No incident was opened" in " ".join(done.stdout.split())
    assert "a weak setting, not a breach" in " ".join(done.stdout.split())
    assert left_running(tmp_path) == []


@pytest.mark.parametrize(("file", "line", "about"), IMPOSSIBLE)
def test_resources_that_cannot_exist_page_a_person(tmp_path, file, line, about):
    done = demo(tmp_path, FINDING=corpus() / f"{file}:{line}", YES=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cannot exist in an account" in done.stdout
    assert_fit_for_people(done.stdout)
    assert " page " in done.stdout
    assert (tmp_path / "report.html").is_file()
