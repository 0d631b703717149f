"""From a finding to a sent notice, as people do it at the console: in a browser, by keyboard alone, with and without JavaScript."""

import json
import re

import pytest
from journeys import Person

AUTHORITY = "eu-gdpr-33-1"
CONSEQUENCES = "Somebody may write to customers in the shop's name."
REASON = "The help desk has seen such mails."
ROLES = {
    "responder-evans": ["Incidents"],
    "commander-fuchs": ["Incidents", "Legal review", "Support"],
    "counsel-adams": ["Incidents", "Legal review", "Register", "Support"],
    "privacy-garcia": ["Incidents", "Legal review", "Register", "Requests", "Support"],
    "auditor-haas": ["Incidents", "Legal review", "Register", "Requests"],
    "support-ito": ["Requests", "Support"],
}


def to_incident(person: Person, response) -> None:
    """From the list to the page of the incident."""
    person.go(person.page.locator(f'a[href="/incidents/{response.incident}"]').first)
    assert person.path == f"/incidents/{response.incident}"
    assert person.heading() == response.records.incident(response.incident)["title"]


def command(person: Person, response) -> None:
    """The commander sees what happened, what is contained, and what is due next."""
    person.sign_in("commander-fuchs")
    assert person.heading() == "Incidents"
    line = person.page.get_by_role("row").filter(has_text=response.incident)
    assert "(EU) 2016/679" in line.inner_text() and "left" in line.inner_text()
    to_incident(person, response)
    # Past the head of the page, then straight to a part of it.
    person.page.reload()
    person.press("Tab")
    person.reach(person.page.get_by_role("link", name="Skip to the content"))
    person.go(person.page.get_by_role("link", name="Skip to the content"))
    assert person.page.evaluate("document.activeElement.id") == "main"
    person.go(person.page.get_by_role("navigation", name="On this page").get_by_role("link", name="Containment"))
    shown = person.text()
    for action in response.of("ACTION"):
        assert action["target"] in shown, f"{action['action']} is not on the page"
    assert "contained" in shown and "Effect that was seen" in shown
    person.open(person.page.locator("summary").filter(has_text="Effect that was seen").first)
    assert person.page.locator("details[open] ins").first.is_visible()


def tell(person: Person, response) -> None:
    """The privacy officer enters what is known by now, sees what that would change, and saves it."""
    person.sign_in("privacy-garcia", f"/incidents/{response.incident}")
    person.go(person.page.get_by_role("link", name="Enter facts"))
    before = max(facts["version"] for facts in response.of("FACTS"))
    person.open(person.page.locator("summary").filter(has_text="Words for the notices"))
    person.write(person.page.get_by_role("group", name="notice.consequences").get_by_role("textbox"), CONSEQUENCES)
    person.open(person.page.locator("summary").filter(has_text="Recorded"))
    person.write(person.page.get_by_role("group", name="tz").get_by_role("textbox"), "Nowhere")
    person.write(person.page.get_by_role("group", name="Why", exact=True).get_by_role("textbox"), REASON)
    person.go(person.page.get_by_role("button", name="See what would change"))
    correct(person)
    person.go(person.page.get_by_role("button", name="See what would change"))
    assert person.heading() == "What would change"
    assert CONSEQUENCES in person.text() and "Nothing is saved yet" in person.text()
    assert max(facts["version"] for facts in response.of("FACTS")) == before, "looking saves nothing"
    person.go(person.page.get_by_role("button", name="Save these facts"))
    assert person.path == f"/incidents/{response.incident}"
    assert CONSEQUENCES in person.text() and REASON in person.text()
    last = max(response.of("FACTS"), key=lambda facts: facts["version"])
    assert last["version"] == before + 1


def correct(person: Person) -> None:
    """What cannot be entered is named first, and leads to its field; the rest is as it was written."""
    assert "Nothing was changed" in person.text()
    assert person.page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "slips", "what is wrong has the focus"
    person.go(person.page.get_by_role("link", name="tz:"))
    zone = person.page.get_by_role("group", name="tz").get_by_role("textbox")
    assert zone.input_value() == "Nowhere"
    person.press("Tab")
    assert person.page.evaluate("(zone) => zone === document.activeElement", zone.element_handle()), "the link leads to the field"
    person.write(zone, "Europe/Berlin")


def review(person: Person, response) -> None:
    """Counsel asks for another text, reads what is new in it, is told what is missing, and approves it."""
    person.sign_in("counsel-adams", "/reviews")
    to_review(person, response, 1)
    person.choose("What becomes of this text", "Request changes")
    person.write(person.page.get_by_role("textbox", name="Reason"), "with what the help desk has seen")
    person.go(person.page.get_by_role("button", name="Record the decision"))
    assert "changes requested" in person.text()
    newer = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == (AUTHORITY, 2)]  # noqa: E731
    response.aws.wait_until(newer, seconds=30, what="version 2")
    person.go(person.page.get_by_role("navigation", name="Console").get_by_role("link", name="Legal review"))
    to_review(person, response, 2)
    new = person.page.get_by_role("region", name=re.compile("What changed since version 1"))
    assert any(CONSEQUENCES in line for line in new.locator("ins").all_inner_texts())
    draft = next(draft for draft in response.of("DRAFT") if (draft["obligation"], draft["version"]) == (AUTHORITY, 2))
    assert draft["digest"] in person.text()
    # A reason of nothing but spaces gets past the browser, and not past the gate. What was written stays.
    person.choose("What becomes of this text", "Approve")
    person.write(person.page.get_by_role("textbox", name="Reason"), " ")
    if draft["gaps"]:
        person.write(person.page.get_by_role("textbox", name="Why it may go out"), "in phases, Art. 33(4)")
    person.go(person.page.get_by_role("button", name="Record the decision"))
    assert "Your decision was not taken" in person.text()
    assert person.page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "refused", "the refusal has the focus"
    assert person.page.get_by_role("radio", name="Approve").is_checked()
    person.choose("What becomes of this text", "Approve")
    person.write(person.page.get_by_role("textbox", name="Reason"), "read in full")
    person.go(person.page.get_by_role("button", name="Record the decision"))
    assert re.search("approved", person.text())


def to_review(person: Person, response, version: int) -> None:
    """From the queue to one text, and all the way through it to the decision."""
    path = f"/reviews/{response.incident}/{AUTHORITY}/{version}"
    person.go(person.page.locator(f'a[href="{path}"]'))
    assert person.path == path
    frame = person.page.frame_locator("iframe")
    assert "Beispielshop" in frame.locator("body").inner_text()


def see_sent(person: Person, response) -> None:
    """The commander sees that it went out."""
    person.sign_in("commander-fuchs", f"/incidents/{response.incident}")
    duty = person.page.get_by_role("region", name="Who has to be told").get_by_role("row").filter(has_text=AUTHORITY)
    assert "sent" in duty.inner_text()
    person.sign_out()
    assert person.path == "/signed-out"
    person.page.goto(f"/incidents/{response.incident}")
    assert not person.page.url.startswith(person.origin), "whoever comes next is not signed in"


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_finding_to_sent_notice(attack, console, javascript):
    response = attack()
    response.publish()
    response.until_gate()
    for journey in (command, tell, review):
        with Person(console.origin, javascript) as person:
            journey(person, response)
            assert person.complaints == []
    (mail,) = response.aws.wait_until(response.mails, seconds=30, what="the notice")
    assert CONSEQUENCES in json.dumps(mail, ensure_ascii=False)
    sent = lambda: response.duty(AUTHORITY)["state"] == "sent"  # noqa: E731
    response.aws.wait_until(sent, seconds=30, what="the record of the delivery")
    with Person(console.origin, javascript) as person:
        see_sent(person, response)


@pytest.mark.parametrize("sub", ROLES)
def test_each_role_goes_through_its_pages_by_keyboard(console, undecided, sub):
    with Person(console.origin) as person:
        person.sign_in(sub)
        links = person.page.get_by_role("navigation", name="Console").get_by_role("link")
        assert links.all_inner_texts() == ROLES[sub]
        for label in ROLES[sub]:
            person.go(person.page.get_by_role("navigation", name="Console").get_by_role("link", name=label))
            current = person.page.get_by_role("navigation", name="Console").locator("[aria-current]")
            assert current.all_inner_texts() == [label]
        assert person.complaints == []
        person.sign_out()
        assert person.path == "/signed-out"
