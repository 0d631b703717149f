"""The console as people have it on the screen: every page and state of the running console, in a real Chromium.

Light and dark, at 200% and 400%, in forced colours, with motion reduced, with text spaced out, on paper.
"""

import re

import browser
import console_states
import pytest
from console import Browser
from journeys import Person

SIZES = {"100%": browser.WIDE, "200%": browser.HALF, "400%": browser.NARROW}
# Every size, each colour scheme.
LOOKS = [("light", "100%"), ("dark", "200%"), ("light", "400%")]
# What is wider than the page or cut off, except what scrolls within it (WCAG 1.4.10 lets tables).
OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  const seen = (element) => element.checkVisibility() && !element.closest(".unseen, .skip, .scroll, iframe, svg, thead");
  const out = [...document.body.querySelectorAll("*")].filter((element) => seen(element) && element.getBoundingClientRect().right > innerWidth + 1);
  return wide ? out.map((element) => element.outerHTML.slice(0, 120)) : [];
}"""
# Each word about a state, with its sign and its colour.
STATES = """() => [...document.querySelectorAll(".badge, .due .left, .check li, ins, del, .line")]
  .filter((element) => element.checkVisibility())
  .map((element) => {
    const sign = getComputedStyle(element, "::before").content.replace(/^"|" ?.*$/g, "").replace(/^none$|^normal$/, "").trim();
    const style = getComputedStyle(element);
    return { kind: element.classList[0] ?? element.localName, words: element.innerText.trim(), sign, look: `${style.color} ${style.backgroundColor}` };
  })"""
# The contrast of each text of a drawing with what it stands on (WCAG 1.4.3): axe-core does not know what lies behind it.
CONTRAST = """() => {
  const light = (colour) => {
    const part = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number).map(part);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return [...document.querySelectorAll("svg text")].map((text) => {
    const [high, low] = [getComputedStyle(text).fill, getComputedStyle(text.parentElement.querySelector("rect")).fill].map(light).sort((one, other) => other - one);
    return (high + 0.05) / (low + 0.05);
  });
}"""
IN_DRAWING = "<text "
# WCAG 1.4.12: nothing is lost when text is spaced out.
SPACED = "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}"
MOVES = """() => [document.documentElement, ...document.querySelectorAll("*")].filter((element) => {
  const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
  return animationName !== "none" || transitionDuration.split(",").some((time) => parseFloat(time) > 0) || scrollBehavior === "smooth";
}).map((element) => element.localName)"""

# On paper: what one can only scroll to is lost, and what one can only click is noise.
PAPER = """() => ({
  lost: [...document.querySelectorAll(".scroll")].filter((one) => one.checkVisibility() && one.scrollHeight > one.clientHeight + 1).map((one) => one.ariaLabel ?? one.className),
  folded: [...document.querySelectorAll("details:not(.group) > :not(summary)")].filter((one) => !one.checkVisibility()).map((one) => one.localName),
  noise: [...document.querySelectorAll("nav, .who, .actions, .skip")].filter((one) => one.checkVisibility()).map((one) => one.className || one.localName),
  ink: getComputedStyle(document.body).backgroundColor,
})"""


@pytest.fixture(scope="module")
def at_gate(attack, console):
    response = attack()
    response.publish()
    response.until_gate()
    return response


@pytest.fixture(scope="module")
def seen(at_gate, console):
    """What every state looks like, by its name."""
    found = {}
    for sub, states in console_states.PEOPLE.items():
        with Person(console.origin) as person:
            if sub:
                person.sign_in(sub)
            for name, bring_about in states(person, at_gate).items():
                bring_about()
                found[name] = look(person)
    return found


def look(person: Person) -> dict:
    page = person.page
    found = {"axe": {}, "wide": {}, "background": {}, "contrast": [], "complaints": person.complaints[:]}
    person.complaints.clear()
    for scheme, size in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": SIZES[size], "height": 800})
        found["axe"][scheme, size] = browser.examine(page)
        found["wide"][scheme, size] = page.evaluate(OVERFLOW)
        found["contrast"] += page.evaluate(CONTRAST)
        found["background"][scheme, size] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    found["states"] = page.evaluate(STATES)
    page.set_viewport_size({"width": browser.NARROW, "height": 800})
    page.evaluate("(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }", SPACED)
    found["wide"]["spaced", "400%"] = page.evaluate(OVERFLOW)
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
    page.set_viewport_size({"width": browser.WIDE, "height": 800})
    page.emulate_media(forced_colors="active")
    found["forced"] = page.evaluate(STATES)
    page.emulate_media(forced_colors="none", reduced_motion="reduce")
    found["moves"] = page.evaluate(MOVES)
    page.emulate_media(reduced_motion="no-preference", color_scheme="dark", media="print")
    found["paper"] = page.evaluate(PAPER)
    page.emulate_media(media="screen")
    return found


def test_axe_finds_nothing_on_any_page_in_any_state(seen):
    faults = {(name, view): found["faults"] for name, one in seen.items() for view, found in one["axe"].items() if found["faults"]}
    assert faults == {}
    unsure = {(name, view, doubt["id"]): doubt["where"] for name, one in seen.items() for view, found in one["axe"].items() for doubt in found["unsure"]}
    assert {doubt: where for doubt, where in unsure.items() if not all(element.startswith(IN_DRAWING) for element in where)} == {}
    assert all(found["passed"] > 10 for one in seen.values() for found in one["axe"].values()), "the rules ran"


def test_a_drawing_can_be_read(seen):
    drawn = [ratio for one in seen.values() for ratio in one["contrast"]]
    assert len(drawn) > 20 and min(drawn) >= 4.5, min(drawn)


def test_nothing_is_cut_off_at_any_size(seen):
    assert {(name, view): out for name, one in seen.items() for view, out in one["wide"].items() if out} == {}


def test_no_page_breaks_its_own_policy(seen):
    """A style or script that the policy refuses, or an error of the script, is a complaint of the browser."""
    assert {name: one["complaints"] for name, one in seen.items() if one["complaints"]} == {}


def test_no_state_is_said_by_colour_alone(seen):
    """Each has words; and where two look different, words or sign differ, too."""
    for name, one in seen.items():
        assert [state for state in one["states"] if not state["words"] and not state["sign"]] == [], name
        looks: dict[tuple, set] = {}
        for state in one["states"]:
            looks.setdefault((state["kind"], state["words"], state["sign"]), set()).add(state["look"])
        assert {said: look for said, look in looks.items() if len(look) > 1} == {}, name
        assert [(state["words"], state["sign"]) for state in one["forced"]] == [(state["words"], state["sign"]) for state in one["states"]]


def test_dark_is_dark(seen):
    for name, one in seen.items():
        assert one["background"]["light", "100%"] != one["background"]["dark", "200%"], name


def test_nothing_moves_for_whom_that_hurts(seen):
    assert {name: one["moves"] for name, one in seen.items() if one["moves"]} == {}


def test_everything_is_on_paper_and_nothing_else(seen):
    assert {name: one["paper"] for name, one in seen.items() if one["paper"] != {"lost": [], "folded": [], "noise": [], "ink": "rgb(255, 255, 255)"}} == {}


def test_an_incident_names_what_unknown_facts_may_bring(at_gate, console):
    _, assessed = at_gate.invoke("assess-obligations", {"incident": at_gate.incident})
    reader = Browser(console.origin)
    reader.sign_in("auditor-haas")
    page = reader.send("GET", f"/incidents/{at_gate.incident}").text
    summary, listed = re.search(r"<summary>(What is not known may bring \d+ more)</summary>(.*?)</details>", page, re.DOTALL).groups()
    assert len(assessed["undetermined"]) > 20
    assert sorted(re.findall(r"<code>([^<]+)</code>", listed)) == sorted(assessed["undetermined"])
    assert summary == f"What is not known may bring {len(assessed['undetermined'])} more"


# What a page may do wrong, and who finds it.
BROKEN = {
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "color-contrast": '<p class="pale">Too pale to read.</p>',
    "link-name": '<a href="/incidents"></a>',
    "label": '<input type="text" name="x">',
    "target-size": '<a href="/a" class="tiny">a</a><a href="/b" class="tiny">b</a>',
}
PLANT = """(html) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".pale { color: #999; background: #aaa } .tiny { display: inline-block; width: 9px; height: 9px; overflow: hidden; transition: width 1s }");
  document.adoptedStyleSheets = [sheet];
  document.querySelector("main").insertAdjacentHTML("beforeend", html);
}"""


def test_what_is_wrong_is_found(at_gate, console):
    """The checks above can fail."""
    with Person(console.origin) as person:
        person.sign_in("auditor-haas", f"/incidents/{at_gate.incident}")
        page = person.page
        assert page.evaluate(OVERFLOW) == [] and page.evaluate(MOVES) == []
        page.evaluate(PLANT, "".join(BROKEN.values()))
        assert set(BROKEN) <= {fault["id"] for fault in browser.examine(page)["faults"]}
        assert page.evaluate(MOVES) == ["a", "a"]
        page.evaluate(PLANT, '<p><code class="badge">' + "w" * 400 + "</code></p>")
        page.evaluate("document.querySelector('main code.badge').style.whiteSpace = 'nowrap'")
        assert page.evaluate(OVERFLOW)
        page.evaluate("""document.querySelector(".badge").textContent = "" """)
        page.evaluate("""document.querySelector(".badge").dataset.sign = "" """)
        assert any(not state["words"] and not state["sign"] for state in page.evaluate(STATES))
