"""Who may do what at the console: every role, nobody, and somebody without a role, on every route.

This table is written by hand from the issue, and knows nothing of the one in the function: they have to agree.
"""

import re
import urllib.parse

import pytest
from console import REDIRECTS, SESSION, Browser, people

ROLES = ("responder", "commander", "counsel", "privacy", "auditor", "support")
INCIDENTS = {"responder", "commander", "counsel", "privacy", "auditor"}
FACTS = {"commander", "counsel", "privacy"}
REVIEWS = {"commander", "counsel", "privacy", "auditor"}
REGISTER = {"counsel", "privacy", "auditor"}
SUPPORT = {"support", "counsel", "privacy", "commander"}
REQUESTS = {"privacy", "auditor", "support"}
REVIEW = "/reviews/{incident}/{obligation}/{version}"
# Method, route -> who is let in.
ROUTES = {
    ("GET", "/"): set(ROLES),
    ("GET", "/incidents"): INCIDENTS,
    ("GET", "/incidents/{incident}"): INCIDENTS,
    ("GET", "/incidents/{incident}/facts"): INCIDENTS,
    ("POST", "/incidents/{incident}/facts/preview"): FACTS,
    ("POST", "/incidents/{incident}/facts"): FACTS,
    ("GET", "/reviews"): REVIEWS,
    ("GET", REVIEW): REVIEWS,
    ("GET", f"{REVIEW}/text"): REVIEWS,
    ("POST", REVIEW): {"counsel"},
    ("GET", "/register"): REGISTER,
    ("GET", "/register.csv"): REGISTER,
    ("GET", "/register.json"): REGISTER,
    ("GET", "/requests"): REQUESTS,
    ("GET", "/support"): SUPPORT,
}
POSTS = [route for route in ROUTES if route[0] == "POST"]
UNKNOWN = [
    ("GET", "/nothing"),
    ("GET", "/incidents/{incident}/nothing"),
    ("GET", "/incidents/{incident}/facts/preview"),
    ("GET", "/assets/nothing.js"),
    ("GET", "/assets/..%2fregister"),
    ("GET", "/_ministack/health"),
    ("GET", "/register.xml"),
    ("POST", "/incidents"),
    ("POST", "/register"),
    ("PUT", REVIEW),
    ("DELETE", "/incidents/{incident}"),
    ("PATCH", "/incidents/{incident}/facts"),
]
# Decides nothing and saves nothing, whoever sends it: no text has this digest, and no facts this version.
HARMLESS = {"digest": "0" * 64, "verdict": "approved", "reason": "read in full", "version": "999999"}


def named(route: tuple[str, str]) -> str:
    return " ".join(route)


@pytest.fixture(scope="module")
def waiting(attack):
    """A notice that waits for counsel."""
    response = attack()
    response.publish()
    response.until_gate()
    return response.records.waiting(response.incident)[0]


@pytest.fixture(scope="module")
def browsers(console):
    """Somebody of each role, somebody signed in without any, and nobody, under None."""
    found = {None: Browser(console.origin)}
    for role in (*ROLES, "no role"):
        found[role] = Browser(console.origin)
        found[role].sign_in(people(None if role == "no role" else role)[0])
    return found


@pytest.fixture(scope="module")
def tokens(browsers, waiting):
    """The token of each session: every page has the form to sign out. Who has no role sees no page; `/support` needs settings."""
    return {role: browsers[role].csrf() for role in ROLES}


def path(route: tuple[str, str], waiting: dict) -> str:
    return route[1].format(**waiting)


def ask(browsers, tokens, role, route, waiting, **headers):
    form = {"csrf": tokens.get(role, "0" * 43), **HARMLESS} if route[0] == "POST" else None
    return browsers[role].send(route[0], path(route, waiting), form, headers)


@pytest.mark.parametrize("role", [*ROLES, "no role"])
@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_role_reaches_its_routes_and_no_other(browsers, tokens, waiting, route, role):
    answer = ask(browsers, tokens, role, route, waiting)
    if role in ROUTES[route]:
        assert answer.status not in (401, 403, 404), answer.text[:2000]
        assert answer.status < 500
        assert not answer.location.startswith(f"{browsers[role].origin}/sign-in")
    elif route == ("GET", "/"):
        assert answer.status in REDIRECTS, "whoever is signed in is sent on"
    else:
        assert answer.status == 403, answer.text[:2000]


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_nobody_is_let_in_without_signing_in(browsers, tokens, waiting, route):
    answer = ask(browsers, tokens, None, route, waiting)
    if route[0] == "GET":
        assert answer.status in REDIRECTS
        assert urllib.parse.urlsplit(answer.location).path == "/sign-in"
    else:
        assert answer.status == 401, answer.text[:2000]


@pytest.mark.parametrize("role", [None, "commander", "support"])
@pytest.mark.parametrize("route", UNKNOWN, ids=named)
def test_what_is_no_route_is_not_there(browsers, tokens, waiting, route, role):
    assert ask(browsers, tokens, role, route, waiting).status == 404


@pytest.mark.parametrize("role", [None, "commander", "no role"])
def test_anybody_can_come_to_sign_in_and_to_go(browsers, role):
    browser = browsers[role]
    assert browser.send("GET", "/sign-in").status in (*REDIRECTS, 200)
    assert browser.send("GET", "/signed-out").status == 200
    assert browser.send("GET", "/signed-in").status == 400, "what does not come from the provider signs nobody in"


@pytest.mark.parametrize("route", POSTS, ids=named)
@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"csrf": None}, {}),
        ({"csrf": ""}, {}),
        ({"csrf": "0" * 43}, {}),
        ({}, {"origin": "https://elsewhere.example"}),
        ({}, {"origin": "null"}),
        ({}, {"sec-fetch-site": "cross-site"}),
        ({}, {"sec-fetch-site": "same-site"}),
    ],
    ids=["no token", "empty token", "wrong token", "other origin", "no origin to name", "other site", "other name of the site"],
)
def test_a_form_of_somebody_elses_page_is_refused(browsers, tokens, waiting, route, changes, headers):
    role = "counsel"
    form = {name: value for name, value in ({"csrf": tokens[role], **HARMLESS} | changes).items() if value is not None}
    assert browsers[role].send("POST", path(route, waiting), form, headers).status == 403


def test_the_token_of_another_session_is_refused(console, browsers, tokens, waiting):
    other = Browser(console.origin)
    other.sign_in(people("counsel")[1])
    form = {"csrf": tokens["counsel"], **HARMLESS}
    assert other.send("POST", path(("POST", REVIEW), waiting), form).status == 403


@pytest.mark.parametrize("template", ["/incidents/inc-0000000000000000", "/reviews/inc-0000000000000000/eu-gdpr-authority/1"])
def test_what_does_not_exist_is_not_there_for_whom_may_look(browsers, template):
    assert browsers["counsel"].send("GET", template).status == 404
    assert browsers["support"].send("GET", template).status == 403, "who may not look does not learn that"


def test_only_the_provider_signs_in(console):
    browser = Browser(console.origin)
    back = browser.choose(people("counsel")[0])
    while not back.location.startswith(console.origin):
        back = browser.send("GET", back.location)
    # Somebody else's browser, which never asked, gets the same link.
    other = Browser(console.origin)
    assert other.send("GET", back.location).status == 400
    assert browser.send("GET", back.location).status in REDIRECTS
    assert browser.send("GET", back.location).status == 400, "an attempt is used once"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example/", "javascript:alert(1)", "/%0d%0aset-cookie:a=b"])
def test_signing_in_leads_to_our_own_pages_alone(console, target):
    browser = Browser(console.origin)
    query = "&".join(f"{name}={urllib.parse.quote(target)}" for name in ("return", "return_to", "to", "next"))
    answer = browser.choose(people("commander")[0], f"/sign-in?{query}")
    while answer.status in REDIRECTS:
        assert answer.location.startswith((f"{console.origin}/", f"{console.issuer}/")), answer.location
        answer = browser.send("GET", answer.location)
    assert answer.status in (200, 404), "a page of ours, or none"
    assert {cookie.name for cookie in browser.cookies if cookie.domain.startswith("localhost")} == {SESSION}


def test_who_wanted_a_page_gets_it_after_signing_in(console, waiting):
    browser = Browser(console.origin)
    wanted = f"/incidents/{waiting['incident']}"
    assert browser.sign_in(people("counsel")[0], wanted).path == wanted


def test_a_cookie_is_the_hosts_alone(console):
    browser = Browser(console.origin)
    found = {}
    answer = browser.send("GET", "/sign-in")
    for _ in range(12):
        if answer.url.startswith(console.origin):
            found |= {cookie.split("=", 1)[0]: cookie for cookie in answer.headers.get_all("set-cookie") or []}
        if answer.status not in REDIRECTS:
            if answer.url.startswith(console.origin):
                break
            answer = browser.send("POST", answer.url, {"sub": people("counsel")[0]}, {"origin": None})
        else:
            answer = browser.send("GET", answer.location)
    assert "__Host-tocsin" in found
    for cookie in found.values():
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes, cookie
        assert not any(attribute.startswith("domain") for attribute in attributes), cookie


def is_open(console, session: str) -> bool:
    """Whether a browser that brings this cookie is let in."""
    status = Browser(console.origin).send("GET", "/incidents", headers={"cookie": f"__Host-tocsin={session}"}).status
    assert status in (200, *REDIRECTS)
    return status == 200


def test_each_sign_in_is_a_session_of_its_own_and_signing_out_ends_it(console):
    browser = Browser(console.origin)
    browser.sign_in(people("commander")[0])
    first = browser.session
    browser.get("/sign-in")  # the provider still knows who it is
    assert is_open(console, browser.session)
    assert browser.session != first
    last = browser.session
    assert browser.sign_out().path == "/signed-out"
    assert not is_open(console, last)
    assert browser.choose(people("commander")[0]), "the provider asks again"


def test_a_session_from_before_is_not_signed_in(console):
    """Somebody who plants a cookie in another's browser does not share what that person signs in to."""
    browser, planted = Browser(console.origin), "A" * 43
    browser.plant("__Host-tocsin", planted)
    browser.sign_in(people("counsel")[0])
    assert browser.session != planted
    assert is_open(console, browser.session)
    assert not is_open(console, planted)


def test_a_made_up_session_is_none(console):
    forged = Browser(console.origin)
    for value in ("", "0" * 43, "../../etc", "SESSION%23x", "é"):
        answer = forged.send("GET", "/incidents", headers={"cookie": f"__Host-tocsin={urllib.parse.quote(value)}"})
        assert urllib.parse.urlsplit(answer.location).path == "/sign-in"


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("route", [*ROUTES, *UNKNOWN], ids=named)
def test_every_answer_is_kept_by_nobody_and_framed_by_nobody_else(browsers, tokens, waiting, route, role):
    headers = ask(browsers, tokens, role, route, waiting).headers
    assert "no-store" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert int(re.search(r"max-age=(\d+)", headers["strict-transport-security"]).group(1)) >= 31_536_000
    policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split(";") if part.strip()}
    assert policy["default-src"] == ["'none'"]
    # The text of a notice is a document of its own, shown in a frame of ours, with the styles that mail programs want in it.
    is_text = route[1].endswith("/text")
    assert policy["frame-ancestors"] in ([["'none'"], ["'self'"]] if is_text else [["'none'"]])
    loose = {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"}
    for name, sources in policy.items():
        assert not loose & set(sources) - ({"'unsafe-inline'"} if is_text and name == "style-src" else set()), name


def test_a_denial_is_on_record_without_saying_who(aws, browsers, tokens, waiting):
    before = len(aws.function_log("tocsin-console"))
    assert ask(browsers, tokens, "responder", ("POST", REVIEW), waiting).status == 403
    logged = aws.wait_until(lambda: aws.function_log("tocsin-console")[before:], what="a line about the denial")
    assert "responder" in logged
    for personal in ("responder-evans", "Robin", "Evans", "example.com", "127.0.0.1", "read in full"):
        assert personal not in logged
