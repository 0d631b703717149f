"""`make demo` as a person or the build server runs it."""

import json
import re

import pytest
from demo import places
from demo_process import assert_fit_for_people, demo, left_running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def approved(folder):
    return demo(folder, YES=1)


def test_sample_counsel_approves_and_the_report_is_there(approved, folder):
    assert approved.returncode == 0, approved.stderr
    assert approved.stderr == ""
    assert_fit_for_people(approved.stdout)
    assert (folder / "report.html").read_text().startswith("<!")
    for phase in ("detect", "contain", "preserve", "assess", "draft", "gate", "send", "close"):
        assert re.search(rf"^ *\d+\.\d\d s  {phase} ", approved.stdout, re.MULTILINE), phase
    for said in ("Timeline", "Contained", "-> tocsin-isolation-", "holds: ", "Notices sent", "report.html"):
        assert said in approved.stdout
    assert len(re.findall(r"sha256 [0-9a-f]{64}", approved.stdout)) >= 6


def test_nothing_is_left_running(approved, folder):
    assert left_running(folder) == []


def test_without_a_terminal_it_stops_at_the_gate(tmp_path):
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    assert_fit_for_people(done.stdout)
    assert "Stopped at the legal gate" in done.stdout
    assert "make demo YES=1" in done.stdout
    assert "Notices sent\n  None." in done.stdout
    assert left_running(tmp_path) == []


def test_unreadable_finding_is_shown_with_code_and_path(tmp_path):
    file = tmp_path / "finding.json"
    detail = json.loads(places.SAMPLE.read_text())["detail"]
    del detail["id"]
    file.write_text(json.dumps(detail))
    done = demo(tmp_path, FINDING=file, YES=1)
    assert done.returncode == 1
    assert "dead-letter queue" in done.stdout
    assert re.search(r"^  code +\S+", done.stdout, re.MULTILINE)
    assert re.search(r"^  path +\$", done.stdout, re.MULTILINE)


def test_sample_finding_is_recorded_only(tmp_path):
    sample = places.FIXTURES / "guardduty" / "fixtures" / "sample-in-api-form.json"
    done = demo(tmp_path, FINDING=sample, YES=1)
    assert done.returncode == 0, done.stderr
    assert "a sample" in done.stdout
    assert "No incident was opened" in done.stdout


def test_finding_that_is_not_there_is_a_usage_error(tmp_path):
    done = demo(tmp_path, FINDING=tmp_path / "nothing.json")
    assert done.returncode == 2
    assert "nothing.json" in done.stderr
    assert "FINDING" in done.stderr
