"""The notices as people have them on the screen: in a real Chromium, in every language, light and dark, at 200% and in a narrow window.

The pages are the golden files of the core, which its own tests hold to what it writes.
"""

import pathlib
import re

import browser
import pytest

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "functions/incident/tests/golden"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.html"))}
VIEWS = ["light", "dark-200", "narrow"]
LANGUAGES = ["de", "en", "es", "fr", "it", "nl", "pl"]
OTHERS = ("report", "packet")
NOTICES = sorted({name.split(".")[0] for name in PAGES} - set(OTHERS))
# A notice that lacks nothing has every part of one that does, so of the others one language is enough.
SHOWN = {
    name: text
    for name, text in PAGES.items()
    if ".complete." in name or name.startswith(("generic-", *OTHERS)) or name.endswith(".en.html")
}
# What a page may do wrong, and the rule of axe-core that says so.
BROKEN = {
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "color-contrast": '<p style="color:#999;background:#aaa">Too pale to read.</p>',
    "link-name": '<a href="mailto:a@example.org"></a>',
    "heading-order": "<h4>A level is left out</h4>",
    "valid-lang": '<p lang="english">x</p>',
}
TOO_WIDE = '<p style="width:900px">wide</p>'
TRACKED = '<p style="background:url(https://tracker.example/pixel.gif)">x</p>'


@pytest.fixture(scope="module")
def seen():
    one = PAGES["gdpr-art33-authority.en.html"]
    broken = {f"broken {rule}": one.replace("</main>", f"{fault}</main>") for rule, fault in BROKEN.items()}
    broken["broken wide"] = one.replace("</main>", f"{TOO_WIDE}</main>")
    broken["broken tracked"] = one.replace("</main>", f"{TRACKED}</main>")
    broken["broken language"] = one.replace('<html lang="en">', "<html>")
    return browser.look(SHOWN | broken)


@pytest.fixture(scope="module")
def sound(seen):
    return [look for look in seen if not look["page"].startswith("broken ")]


def test_every_notice_is_there_in_every_language():
    assert len(NOTICES) == 8
    missing = [f"{notice}.{language}" for notice in NOTICES for language in LANGUAGES if f"{notice}.{language}.html" not in PAGES]
    assert missing == []


def test_axe_finds_nothing_in_any_view(sound):
    assert len(sound) == len(VIEWS) * len(SHOWN)
    assert all(look["passed"] > 10 for look in sound if look["view"] != "narrow"), "the rules ran"
    assert [(look["page"], look["view"], look["faults"]) for look in sound if look["faults"]] == []
    assert [(look["page"], look["view"], look["unsure"]) for look in sound if look["unsure"]] == []


@pytest.mark.parametrize("rule", BROKEN)
def test_axe_finds_what_is_wrong(seen, rule):
    looks = [look for look in seen if look["page"] == f"broken {rule}"]
    assert [look["view"] for look in looks] == VIEWS
    assert all(rule in [fault["id"] for fault in look["faults"]] for look in looks if look["view"] != "narrow")


def test_a_page_without_its_language_is_found(seen):
    looks = [look for look in seen if look["page"] == "broken language"]
    assert all("html-has-lang" in [fault["id"] for fault in look["faults"]] for look in looks if look["view"] != "narrow")


def test_no_page_is_wider_than_the_window(seen, sound):
    """WCAG 1.4.10. Tables of the report scroll within it."""
    assert [(look["page"], look["view"]) for look in sound if look["wide"]] == []
    assert any(look["wide"] for look in seen if look["page"] == "broken wide")


def test_a_page_asks_for_nothing_from_elsewhere(seen, sound):
    """No tracking: what a reader opens tells nobody."""
    assert [(look["page"], look["requests"]) for look in sound if look["requests"]] == []
    assert any(look["requests"] for look in seen if look["page"] == "broken tracked")
    for name, text in PAGES.items():
        assert re.findall(r'(?:src|href|action|data|poster)\s*=\s*"(?!mailto:|#)[^"]*"|url\(|@import', text) == [], name


def test_dark_is_dark(sound):
    by_view = {view: {look["background"] for look in sound if look["view"] == view} for view in ("light", "dark-200")}
    assert by_view["light"].isdisjoint(by_view["dark-200"])


def test_every_letter_has_ten_points_or_more(sound):
    """Cal. Civ. Code 1798.82(d)(1)(C). A point is 4/3 of a pixel."""
    sizes = {look["page"]: look["smallest"] * 0.75 for look in sound if not look["page"].startswith("report")}
    assert all(points >= 10 for points in sizes.values()), sizes


def test_every_page_has_its_text_alternative():
    texts = {path.stem for path in GOLDEN.glob("*.txt")}
    assert sorted(name.removesuffix(".html") for name in PAGES if not name.startswith(OTHERS)) == sorted(texts)
