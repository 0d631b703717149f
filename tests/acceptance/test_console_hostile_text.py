"""Every text of a finding is an attacker's, and so may be what people type: the real pages show it as text and as nothing else."""

import csv
import html
import io
import json
import re

import pytest
from console import Browser, people
from hostile import FORMULA, HOSTILE, INVISIBLE, SHOWN, Page, poisoned

WORDS = f"An intruder read the orders. {HOSTILE}".replace("\r\n", "\n")


@pytest.fixture(scope="module")
def response(attack):
    """A response to a finding in which everything that can be an attacker's is, up to counsel."""
    found = attack()
    finding = poisoned(found.finding)
    finding["title"] = f"{FORMULA}{finding['title']}"
    finding["resource"]["s3BucketDetails"].append({"name": f"+{HOSTILE}", "arn": f"arn:aws:s3:::{HOSTILE}", "type": "Destination"})
    found.finding = finding
    found.follow(json.dumps(finding))
    found.publish()
    found.until_gate()
    return found


@pytest.fixture(scope="module")
def browsers(console, response):
    found = {}
    for role in ("commander", "counsel", "privacy", "auditor", "support"):
        found[role] = Browser(console.origin)
        found[role].sign_in(people(role)[0])
    return found


@pytest.fixture(scope="module")
def review(response):
    waiting = response.records.waiting(response.incident)[0]
    return "/reviews/{incident}/{obligation}/{version}".format(**waiting)


def look(browser, path: str) -> Page:
    """The page, of which nothing is anything but text; and with it no header that was not ours."""
    answer = browser.get(path)
    assert answer.status == 200, answer.text[:500]
    return inspect(answer)


def inspect(answer) -> Page:
    page = Page(answer.text)
    assert page.faults == [], answer.url
    assert not set(answer.text) & set(INVISIBLE), f"{answer.url} has letters that nobody sees"
    assert "a=b" not in str(answer.headers)
    assert answer.headers["content-type"].startswith("text/html")
    return page


def test_the_list_and_the_incident_show_a_finding_as_text(browsers, response):
    for path in ("/incidents", f"/incidents/{response.incident}", "/register"):
        page = look(browsers["commander" if path != "/register" else "auditor"], path)
        assert SHOWN in page.text, path
        assert "⟨U+202E⟩" in page.text and "⟨U+200B⟩" in page.text, path
        assert "60481729" not in page.text, f"{path} works out what an attacker wrote"


def test_every_page_of_the_review_holds(browsers, response, review):
    for path in ("/reviews", review, f"/incidents/{response.incident}/facts", "/support"):
        look(browsers["counsel"], path)


def test_a_text_that_people_type_comes_back_as_it_was(browsers, response):
    """By the form, as a page without a script sends it: seen before it is saved, then saved, then in the form again."""
    browser, path = browsers["privacy"], f"/incidents/{response.incident}/facts"
    version = browser.get(path).fields("version")[0]
    form = {"version": version, "asked": "notice.what_happened", "value.notice.what_happened": WORDS, "reason": f"Said so. {HOSTILE}"}
    seen = browser.post(f"{path}/preview", form)
    assert seen.status == 200, seen.text[:2000]
    assert SHOWN in inspect(seen).text
    sent = {name: seen.fields(name)[0] for name in ("version", "reason", "changes")}
    assert json.loads(sent["changes"]) == {"notice.what_happened": WORDS}
    saved = browser.post(path, sent)
    assert saved.status == 303, saved.text[:2000]
    answer = browser.get(path)
    inspect(answer)
    found = re.search(r'<textarea name="value.notice.what_happened"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL)
    assert html.unescape(found.group(1)) == WORDS
    assert SHOWN in look(browsers["auditor"], f"/incidents/{response.incident}").text


def test_counsel_reads_a_hostile_text_and_gives_a_hostile_reason(browsers, response):
    """The text that the words are in is put before counsel; the decision's reason shows as text as well."""
    browser = browsers["counsel"]
    has_words = lambda: [r for r in response.records.waiting(response.incident) if SHOWN in response.draft(r)["text"]]  # noqa: E731
    waiting = next(iter(has_words()), None) or changed(response, browser, has_words)
    path = "/reviews/{incident}/{obligation}/{version}".format(**waiting)
    assert SHOWN in look(browser, path).text
    frame = browser.get(f"{path}/text")
    assert SHOWN in html.unescape(frame.text) and "<img" not in frame.text and "<script" not in frame.text
    assert "sandbox" in frame.headers["content-security-policy"]
    form = {"digest": browser.get(path).fields("digest")[0], "verdict": "changes-requested", "reason": HOSTILE}
    decided = browser.post(path, form)
    assert decided.status == 303, decided.text[:2000]
    assert decided.location.removeprefix(browser.origin) == f"{path}#decide"
    assert SHOWN in look(browser, path).text
    assert SHOWN in look(browser, f"/incidents/{response.incident}").text


def changed(response, browser, has_words) -> dict:
    """Counsel asks for another text, which has the new words."""
    for waiting in response.records.waiting(response.incident):
        path = "/reviews/{incident}/{obligation}/{version}".format(**waiting)
        form = {"digest": response.draft(waiting)["digest"], "verdict": "changes-requested", "reason": "with the new words"}
        assert browser.post(path, form).status == 303
    return response.aws.wait_until(has_words, seconds=60, what="a text with the new words")[0]


def test_a_refused_decision_gives_back_what_was_written(browsers, response):
    browser = browsers["counsel"]
    waiting = response.until_gate()[0]
    path = "/reviews/{incident}/{obligation}/{version}".format(**waiting)
    answer = browser.post(path, {"digest": "0" * 64, "verdict": "approved", "reason": HOSTILE})
    assert answer.status == 409
    inspect(answer)
    found = re.search(r'<textarea id="reason"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL)
    assert html.unescape(found.group(1)).replace("\r\n", "\n") == HOSTILE.replace("\r\n", "\n")


def test_no_cell_of_the_register_is_a_formula(browsers, response):
    """Neither where cells end at commas nor where, as in a German Excel, they end at semicolons and quotes inside count for nothing."""
    answer = browsers["auditor"].get("/register.csv")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment; filename=\"breach-register-")
    rows = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
    own = next(row for row in rows if row[0] == response.incident)
    assert len({len(row) for row in rows}) == 1 and FORMULA in " ".join(own)
    cells = [cell for row in rows for cell in row] + re.split(r"[;\t\r\n]", answer.text)
    assert [cell for cell in cells if re.match(r"[\s\"]*[=+\-@＝＋－＠]", cell)] == []


def test_the_register_as_json_is_data(browsers, response):
    answer = browsers["auditor"].get("/register.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    register = json.loads(answer.text)["register"]
    own = next(entry for entry in register if entry["incident"] == response.incident)
    assert SHOWN in " ".join(own["facts"])


def test_no_line_of_the_log_begins_where_an_attacker_wants(aws, browsers, response):
    log = aws.function_log("tocsin-console")
    assert log, "the console writes its sign-ins down"
    for line in log.splitlines():
        assert not line.startswith(("set-cookie", "txt.exe")), line[:200]
    assert "x(1)" not in log


def test_a_finding_as_large_as_one_can_be_breaks_no_page(attack, browsers):
    """A title and a name that fill the 256 KB of an event: the pages stay pages."""
    found = attack()
    finding = found.finding
    finding["title"] = "A" * 60_000
    finding["description"] = "B" * 20_000
    finding["resource"]["s3BucketDetails"] += [{"name": letter * 30_000, "type": "Destination"} for letter in "cd"]
    finding["resource"]["accessKeyDetails"]["userType"] = "E" * 20_000
    found.follow(json.dumps(finding))
    found.publish()
    found.until_gate()
    for path in ("/incidents", f"/incidents/{found.incident}", "/register"):
        answer = browsers["counsel"].get(path)
        assert answer.status == 200 and len(answer.text) < 3_000_000, f"{path}: {answer.status}, {len(answer.text)} letters"
        inspect(answer)
        assert "A" * 2_000 not in answer.text, f"{path} shows a title that nobody reads to its end"
