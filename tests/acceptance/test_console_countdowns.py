"""Countdowns tick for the eye and keep quiet for the ear: what a screen reader is told over hours of made-up time."""

import datetime
import re

import pytest
from journeys import Person

# Everything that a reader of screens speaks of its own accord while a page is open.
LISTEN = """() => {
  globalThis.spoken = [];
  const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], [role=timer], output";
  addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
    const regions = new Set(changes.map(({ target }) => (target.closest ? target : target.parentElement)?.closest(live)).filter(Boolean));
    for (const region of regions) globalThis.spoken.push(region.textContent);
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true }));
}"""
MINUTE, HOUR = 60, 3600


@pytest.fixture(scope="module")
def waiting(undecided):
    """A notice with a due time that waits for counsel."""
    return undecided.waiting("eu-gdpr-33-1")


@pytest.fixture
def reader(console, waiting):
    """Opens the review at so many seconds before it is due, in a zone of the reader's."""
    opened = []

    def read(seconds_left: int, zone: str = "America/New_York") -> Person:
        person = Person(console.origin, timezone_id=zone)
        opened.append(person)
        person.sign_in("privacy-garcia")
        due = datetime.datetime.fromisoformat(waiting["due_at"])
        person.context.add_init_script(f"({LISTEN})()")
        person.page.clock.install(time=due - datetime.timedelta(seconds=seconds_left))
        person.page.clock.pause_at(due - datetime.timedelta(seconds=seconds_left - 1))
        person.page.goto("/reviews/{incident}/{obligation}/{version}".format(**waiting))
        return person

    yield read
    for person in opened:
        person.context.close()


def left(person: Person) -> str:
    return person.page.locator(".due .left").first.inner_text()


def spoken(person: Person) -> list[str]:
    return person.page.evaluate("globalThis.spoken")


def test_a_countdown_ticks_and_says_nothing(reader):
    person = reader(5 * HOUR)
    before, heard = left(person), person.page.locator("body").aria_snapshot()
    person.page.clock.run_for(10 * MINUTE * 1000)
    assert left(person) != before and re.match(r"4 h \d+ min left", left(person))
    assert spoken(person) == []
    assert person.page.locator("body").aria_snapshot() == heard, "nothing that is read out has changed"


def test_it_speaks_once_when_an_hour_is_left(reader):
    person = reader(HOUR + MINUTE)
    person.page.clock.run_for(10 * MINUTE * 1000)
    (said,) = spoken(person)
    assert "Art. 33" in said and said.endswith("left.")


def test_from_two_days_before_to_two_hours_after_it_speaks_five_times(reader):
    person = reader(48 * HOUR)
    for _ in range(50 * HOUR // (5 * MINUTE)):
        person.page.clock.fast_forward(5 * MINUTE * 1000)
    said = spoken(person)
    assert len(said) == 5, said
    assert said[-1].endswith("is overdue.")
    assert left(person).startswith("overdue by 1 h") or left(person).startswith("overdue by 2 h")
    assert person.page.locator(".due").first.get_attribute("class") == "due overdue"


@pytest.mark.parametrize(("zone", "shown"), [("America/New_York", r"(EST|EDT|GMT-[45])"), ("Asia/Kolkata", r"(IST|GMT\+5:30)"), ("UTC", None)])
def test_due_times_are_in_the_readers_zone_and_in_utc(reader, waiting, zone, shown):
    person = reader(5 * HOUR, zone)
    by = person.page.locator(".due .by").first.inner_text()
    due = datetime.datetime.fromisoformat(waiting["due_at"])
    assert f"{due:%Y-%m-%d %H:%M} UTC" in by
    assert re.search(shown, by) if shown else "GMT" not in by


def test_without_javascript_what_was_left_stands_there(console, waiting):
    with Person(console.origin, javascript=False) as person:
        person.sign_in("privacy-garcia", "/reviews/{incident}/{obligation}/{version}".format(**waiting))
        assert re.search(r"\d+ (d|h|min) .*left", left(person))
        assert "UTC" in person.page.locator(".due .by").first.inner_text()
