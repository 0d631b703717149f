"""The console's pages over made-up records: every state, calm, and with an attacker's text in each field.

`make test-rust` writes them, by the tests of the console; here they are looked at in a real Chromium.
"""

import pathlib
import re

import browser
import pytest
from test_console_pages import IN_DRAWING, OVERFLOW

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
WRITTEN = REPOSITORY / "target" / "test" / "console-pages"
ASSETS = REPOSITORY / "functions" / "console" / "assets"
ICON = REPOSITORY / "functions" / "platform" / "src" / "web" / "icon.svg"
ORIGIN = "https://console.example"
LOOKS = [("light", browser.WIDE), ("dark", browser.NARROW)]


@pytest.fixture(scope="module")
def seen():
    """What each page looks like, by its name."""
    pages = {path.stem: path for path in sorted(WRITTEN.glob("*.html"))}
    assert len(pages) >= 28, "run `make test-rust` first: it writes the pages"
    files = {"/assets/console.css": ASSETS / "console.css", "/assets/console.js": ASSETS / "console.js", "/assets/icon.svg": ICON}
    page = browser.opened().new_page()
    elsewhere: list[str] = []

    def answer(route):
        path = route.request.url.removeprefix(ORIGIN)
        if found := files.get(re.sub(r"\?v=\w+$", "", path)):
            return route.fulfill(path=found)
        if path.lstrip("/") in pages:
            return route.fulfill(path=pages[path.lstrip("/")], content_type="text/html; charset=utf-8")
        if not path.endswith(("/text", "/page")):
            elsewhere.append(path)
        return route.abort()

    page.route("**/*", answer)
    found = {}
    for name in pages:
        elsewhere.clear()
        page.goto(f"{ORIGIN}/{name}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        looks = {}
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            looks[scheme, width] = {**browser.examine(page), "wide": page.evaluate(OVERFLOW)}
        found[name] = {"looks": looks, "elsewhere": elsewhere[:], "styled": page.evaluate("document.styleSheets.length")}
    page.close()
    return found


def test_axe_finds_nothing_whatever_the_records_say(seen):
    found = {(name, view): look for name, one in seen.items() for view, look in one["looks"].items()}
    assert {view: look["faults"] for view, look in found.items() if look["faults"]} == {}
    doubts = {view: [place for doubt in look["unsure"] for place in doubt["where"] if not place.startswith(IN_DRAWING)] for view, look in found.items()}
    assert {view: places for view, places in doubts.items() if places} == {}


def test_no_text_is_too_long_for_a_page(seen):
    assert all(one["styled"] == 1 for one in seen.values()), "the pages have their styles"
    wide = {(name, view): look["wide"] for name, one in seen.items() for view, look in one["looks"].items() if look["wide"]}
    assert wide == {}


def test_no_text_loads_anything(seen):
    assert {name: one["elsewhere"] for name, one in seen.items() if one["elsewhere"]} == {}
