"""`make demo` as a person or the build server runs it."""

import json
import re
import urllib.request

import pytest
from demo import places
from demo_process import ESCAPE, Terminal, assert_fit_for_people, demo, left_running


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
    assert "No incident was opened" in " ".join(done.stdout.split())


def test_finding_that_is_not_there_is_a_usage_error(tmp_path):
    done = demo(tmp_path, FINDING=tmp_path / "nothing.json")
    assert done.returncode == 2
    assert "nothing.json" in done.stderr
    assert "FINDING" in done.stderr


def test_person_at_a_terminal_decides(tmp_path):
    """Asks for changes with corrected facts, is replaced by a colleague for the new text, approves one and rejects the other."""
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"affected.DE": 29_000}))
    terminal = Terminal(tmp_path, NO_COLOR=1)
    first = terminal.answer("decides:", "c")
    assert "höchstens 31.200" in first
    terminal.answer("Reason", "the count was too high")
    terminal.answer("corrected facts", str(facts))
    second = terminal.answer("decides:", "a")
    assert "höchstens 30.200" in second
    assert "counsel-adams" in first.splitlines()[-1]
    assert "counsel-bauer" in second.splitlines()[-1], "who corrected a fact does not approve the new text"
    terminal.answer("Reason", "read in full")
    terminal.answer("Why it may go out", "the rest is told in phases")
    third = terminal.answer("decides:", "r")
    assert "Notice of Data Breach" in third
    terminal.answer("Reason", "told in person")
    while "Report" not in terminal.shown[terminal.read_to :] and terminal.process.poll() is None:
        terminal.read(0.2)
        if "decides:" in terminal.shown[terminal.read_to :]:
            terminal.answer("decides:", "r")
            terminal.answer("Reason", "nobody was told")
    assert terminal.end() == 0, terminal.shown
    assert not ESCAPE.search(terminal.shown), "NO_COLOR"
    assert "us-ca-ind: withheld" in terminal.shown
    assert (tmp_path / "report.html").is_file()
    assert left_running(tmp_path) == []


def test_interrupted_at_the_gate_it_leaves_nothing_running(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.answer("decides:", "")
    terminal.interrupt()
    assert terminal.end() == 130
    assert ESCAPE.search(terminal.shown), "a terminal shows colour"
    assert left_running(tmp_path) == []


def test_the_console_stays_open_until_ctrl_c(tmp_path):
    terminal = Terminal(tmp_path, CONSOLE=1, NO_COLOR=1)
    shown = terminal.answer("Ctrl-C ends it", "", seconds=300)
    assert "decides:" not in shown, "whoever decides does so in the console"
    for user in ("responder-evans", "commander-fuchs", "counsel-adams", "privacy-garcia", "auditor-haas", "support-ito"):
        assert user in shown
    origin = re.search(r"http://localhost:\d+/", shown).group(0)
    with urllib.request.urlopen(origin, timeout=30) as page:
        assert page.url.startswith("http://127.0.0.1:"), "whoever comes is sent to sign in"
        assert "counsel-adams" in page.read().decode()
    public = re.search(r"(http://localhost:\d+/) +what people read", shown).group(1)
    with urllib.request.urlopen(public, timeout=30) as page:
        assert "/requests" in page.read().decode()
    terminal.interrupt()
    assert terminal.end() == 0, terminal.shown
    assert left_running(tmp_path) == []
