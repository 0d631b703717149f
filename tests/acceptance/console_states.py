"""Every page of the console in each state that people meet it in, brought about on the running console."""

import uuid

from journeys import Person

AUTHORITY = "eu-gdpr-33-1"
CALIFORNIA = "us-ca-ind"
NOBODY = "inc-00000000000000000000"


def review_path(response, obligation: str = AUTHORITY, version: int = 1) -> str:
    return f"/reviews/{response.incident}/{obligation}/{version}"


def signed_out(person: Person, _response) -> dict:
    return {"signed-out": lambda: person.page.goto("/signed-out"), "sign-in refused": lambda: person.page.goto("/signed-in?code=x&state=y")}


def commander(person: Person, response) -> dict:
    incident = f"/incidents/{response.incident}"
    return {
        "incidents": lambda: person.page.goto("/incidents"),
        "incident": lambda: unfolded(person, incident),
        "facts": lambda: unfolded(person, f"{incident}/facts"),
        "facts refused": lambda: entered(person, incident, people_approximate="many"),
        "what would change": lambda: entered(person, incident, risk_level="high"),
        "review, not theirs to decide": lambda: person.page.goto(review_path(response)),
        "not there": lambda: person.page.goto(f"/incidents/{NOBODY}"),
        "not allowed": lambda: person.page.goto("/register"),
    }


def counsel(person: Person, response) -> dict:
    return {
        "reviews": lambda: person.page.goto("/reviews"),
        "review": lambda: unfolded(person, review_path(response)),
        "review refused": lambda: decided(person, review_path(response), "changes-requested", " "),
        "review, changes requested": lambda: decided(person, review_path(response), "changes-requested", "once more"),
        "review of another version": lambda: another(person, response),
        "review decided": lambda: decided(person, review_path(response, CALIFORNIA), "approved", "read in full"),
        "incident under way": lambda: unfolded(person, f"/incidents/{response.incident}"),
        "register": lambda: person.page.goto("/register"),
        "support": lambda: supported(person, response),
    }


def auditor(person: Person, response) -> dict:
    return {"facts, not theirs to enter": lambda: unfolded(person, f"/incidents/{response.incident}/facts")}


def visitor(person: Person, _response) -> dict:
    return {"no role": lambda: person.page.goto("/")}


# Who is signed in, by what they see. Nobody is, under None.
PEOPLE = {
    None: signed_out,
    "commander-fuchs": commander,
    "counsel-adams": counsel,
    "auditor-haas": auditor,
    "visitor-jones": visitor,
}


def unfolded(person: Person, path: str) -> None:
    person.page.goto(path)
    person.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def entered(person: Person, incident: str, **facts: str) -> None:
    """Sends the form of facts with these values, past what the browser itself would refuse."""
    unfolded(person, f"{incident}/facts")
    for name, value in facts.items():
        field = person.page.locator(f'[name="value.{name}"]')
        if field.first.get_attribute("type") == "radio":
            person.page.locator(f'[name="value.{name}"][value="{value}"]').check()
        else:
            field.fill(value)
    person.page.locator("#reason").fill(f"what was found by {uuid.uuid4().hex[:4]}")
    send(person, "main form")


def decided(person: Person, path: str, verdict: str, reason: str) -> None:
    person.page.goto(path)
    person.page.locator(f'[name="verdict"][value="{verdict}"]').check()
    person.page.locator("#reason").fill(reason)
    if person.page.locator("#missing").count():
        person.page.locator("#missing").fill("in phases, Art. 33(4)")
    send(person, ".decide form")


def send(person: Person, form: str) -> None:
    with person.page.expect_navigation():
        person.page.locator(form).evaluate("(form) => { form.noValidate = true; form.requestSubmit(); }")


def another(person: Person, response) -> None:
    waits = lambda: [r for r in response.records.waiting(response.incident) if (r["obligation"], r["version"]) == (AUTHORITY, 2)]  # noqa: E731
    response.aws.wait_until(waits, seconds=30, what="version 2")
    person.page.goto(review_path(response, version=2))


def supported(person: Person, response) -> None:
    response.aws.wait_until(lambda: response.duty(CALIFORNIA)["state"] == "sent", seconds=30, what="the notice to people")
    person.page.goto("/support")
