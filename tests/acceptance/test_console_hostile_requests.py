"""Requests that no page of the console sends: without a proof, about somebody else's records, once more, too large, to elsewhere.

What is sent is what would be taken if the one thing were right that is wrong about it; so what lets it through fails these tests.
"""

import concurrent.futures
import http.client
import json
import re
import urllib.parse

import pytest
from console import REDIRECTS, SESSION, Browser, people
from demo import organisation
from hostile import Page
from local_aws.identity_provider import users

FORM = "application/x-www-form-urlencoded"
ROLES = ("responder", "commander", "counsel", "privacy", "auditor", "support")


@pytest.fixture(scope="module")
def incidents(attack):
    """Two incidents of two shops, both before counsel."""
    found = []
    for _ in range(2):
        response = attack()
        response.publish()
        response.until_gate()
        found.append(response)
    return found


@pytest.fixture(scope="module")
def browsers(console):
    found = {role: Browser(console.origin) for role in ROLES}
    for role, browser in found.items():
        browser.sign_in(people(role)[0])
    return found


@pytest.fixture(scope="module")
def tokens(browsers):
    return {role: browser.csrf() for role, browser in browsers.items()}


def review_path(waiting: dict) -> str:
    return "/reviews/{incident}/{obligation}/{version}".format(**waiting)


def review(response, waiting: dict) -> dict:
    wanted = (waiting["obligation"], waiting["version"])
    return next(one for one in response.of("REVIEW") if (one["obligation"], one["version"]) == wanted)


def standing(incidents) -> str:
    """All that a request could have changed."""
    kinds = ("REVIEW", "FACTS", "OBLIGATION", "DRAFT")
    return json.dumps([[response.of(kind) for kind in kinds] for response in incidents])


def wanted(response) -> dict[str, tuple[str, dict]]:
    """For each form of the console, where it goes and what would be taken, but for the token."""
    waiting, facts = response.records.waiting(response.incident)[0], response.of("FACTS")[-1]
    missing = {"missing_items_reason": "in phases"} if response.draft(waiting)["gaps"] else {}
    decision = {"digest": response.draft(waiting)["digest"], "verdict": "approved", "reason": "read in full", **missing}
    path = f"/incidents/{response.incident}/facts"
    entry = {"version": str(facts["version"]), "reason": "counted", "changes": '{"affected.FR":7}'}
    asked = {"version": str(facts["version"]), "reason": "counted", "place": "FR", "people": "7"}
    return {"decision": (review_path(waiting), decision), "facts": (path, entry), "preview": (f"{path}/preview", asked)}


def encoded(form: dict) -> str:
    return urllib.parse.urlencode(form)


def send(browser, target: str, body: str, kind: str | None = FORM, method: str = "POST", **headers):
    """A request with exactly this body."""
    split = urllib.parse.urlsplit(browser.origin)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=60)
    said = {"cookie": f"{SESSION}={browser.session}", "origin": browser.origin, "sec-fetch-site": "same-origin"} | headers
    if kind is not None:
        said["content-type"] = kind
    connection.request(method, target, body=body.encode("latin-1"), headers=said)
    answer = connection.getresponse()
    answer.text = answer.read().decode(errors="replace")
    connection.close()
    return answer


@pytest.mark.parametrize("form", ["decision", "facts", "preview"])
def test_no_form_passes_without_each_of_its_proofs(incidents, browsers, tokens, form):
    response, browser, token = incidents[0], browsers["counsel"], tokens["counsel"]
    path, fields = wanted(response)[form]
    body, proven = encoded(fields), encoded({"csrf": token, **fields})
    before = standing(incidents)
    multipart = f'--x\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n{token}\r\n--x--\r\n'
    elsewhere = "https://elsewhere.example"
    for what, status, answer in [
        ("no token", 403, send(browser, path, body)),
        ("the token in the address", 403, send(browser, f"{path}?csrf={token}", body)),
        ("the token in a header", 403, send(browser, path, body, **{"x-csrf-token": token})),
        ("two tokens", 403, send(browser, path, f"csrf=0&{proven}")),
        ("another role's token", 403, send(browser, path, encoded({"csrf": tokens["privacy"], **fields}))),
        ("another origin", 403, send(browser, path, proven, origin=elsewhere)),
        ("our origin as a part of another", 403, send(browser, path, proven, origin=f"{browser.origin}.elsewhere.example")),
        ("another site", 403, send(browser, path, proven, **{"sec-fetch-site": "cross-site"})),
        ("a text", 400, send(browser, path, proven, "text/plain")),
        ("JSON", 400, send(browser, path, json.dumps({"csrf": token, **fields}), "application/json")),
        ("parts", 400, send(browser, path, multipart, "multipart/form-data; boundary=x")),
        ("no type", 400, send(browser, path, proven, None)),
        ("no session", 401, send(browser, path, proven, cookie="theme=dark")),
        ("two sessions", 401, send(browser, path, proven, cookie=f"{SESSION}={browser.session}; {SESSION}={browser.session}")),
        ("bytes that are no text", 403, send(browser, path, f"{proven}&x=\xff".replace("=", "=\xff", 1))),
    ]:
        assert answer.status == status, f"{what}: {answer.text[:300]}"
    for method in ("PUT", "PATCH", "DELETE"):
        assert send(browser, path, proven, method=method).status == 404
    for override in ("x-http-method-override", "x-method-override", "x-http-method"):
        assert send(browser, f"{path}?{proven}&_method=POST", "", None, "GET", **{override: "POST"}).status in (200, 404)
    assert standing(incidents) == before


def test_what_is_about_one_incident_says_nothing_about_another(incidents, browsers, tokens):
    one, other = incidents
    browser, before = browsers["counsel"], standing(incidents)
    (path, decision), (others_path, others) = wanted(one)["decision"], wanted(other)["decision"]
    proof = {"csrf": tokens["counsel"]}
    # The digest that was read there, sent here; and names in the form beside those in the address.
    taken = browser.send("POST", path, {**proof, **others})
    assert taken.status == 409 and "text-changed" in taken.text
    names = {"incident": other.incident, "obligation": others_path.split("/")[3], "version": "1"}
    taken = browser.send("POST", path, {**proof, **names, **others})
    assert taken.status == 409, "the address names the review"
    mixed = path.replace(one.incident, other.incident)
    taken = browser.send("POST", mixed, {**proof, **decision})
    assert taken.status == 409 and standing(incidents) == before
    never = f"{path.rsplit('/', 1)[0]}/7"
    for method in ("GET", "POST"):
        assert browser.send(method, never, {**proof, **decision} if method == "POST" else None).status == 404
    assert standing(incidents) == before


def test_facts_are_entered_for_the_incident_of_the_address_alone(incidents, browsers):
    one, other = incidents
    (path, entry), untouched = wanted(one)["facts"], standing([other])
    saved = browsers["privacy"].post(path, {**entry, "incident": other.incident, "incident_id": other.incident})
    assert saved.status == 303 and saved.location.endswith(f"/incidents/{one.incident}#facts")
    assert one.of("FACTS")[-1]["values"]["affected.FR"]["value"] == 7
    assert standing([other]) == untouched
    again = browsers["commander"].post(path, {**entry, "changes": '{"affected.FR":8}'})
    assert again.status == 422 and "have changed since" in again.text
    for changes in ('{"incident_id":"x"}', '{"no.such.fact":1}', '{"affected.FR":-1}', '{"affected.FR":1e999}', "[]", "{", "[" * 10_000):
        latest = {**entry, "version": str(one.of("FACTS")[-1]["version"]), "changes": changes}
        assert browsers["commander"].post(path, latest).status in (400, 422), changes[:30]
    assert one.of("FACTS")[-1]["values"]["affected.FR"]["value"] == 7


@pytest.mark.parametrize(
    "name",
    [
        "{incident}%23FACTS", "{incident}%2f..%2f{other}", "{incident}%00", "{incident}%20", "INCIDENT%23{incident}", "..%2f..%2fregister",
        "{incident}?x=1%23", "%2e%2e", "inc-%C0%AF", "inc-%ff", "SESSION%23", "REGISTER", "{upper}", "a" * 6000,
    ],
)  # fmt: skip
def test_an_address_names_an_incident_or_nothing(incidents, browsers, name):
    one, other = incidents
    written = name.format(incident=one.incident, other=other.incident, upper=one.incident.upper())
    for below in ("", "/facts"):
        answer = browsers["counsel"].send("GET", f"/incidents/{written}{below}")
        found = "?" in name and not below
        assert answer.status in ((200,) if found else (200, 400, 404) if "?" in name else (400, 404)), answer.status
        assert other.incident not in answer.text


@pytest.mark.parametrize("name", ["{obligation}%23000001", "%2e", "{obligation}%2f1", "{obligation}/../1", "%00", "a" * 3000, "%F0%9F%98%80", "{obligation}%0d%0aset-cookie:x=y"])
def test_an_address_names_a_review_or_nothing(incidents, browsers, tokens, name):
    response = incidents[0]
    waiting = response.records.waiting(response.incident)[0]
    for version in (waiting["version"], "000001", "-1", "1e0", "99999999999999999999"):
        path = f"/reviews/{response.incident}/{name.format(**waiting)}/{version}"
        for target in (path, f"{path}/text"):
            answer = browsers["counsel"].send("GET", target)
            assert answer.status in (400, 404), f"{target[:80]}: {answer.status}"
            assert answer.headers.get("set-cookie") is None
        form = {"csrf": tokens["counsel"], **wanted(response)["decision"][1]}
        assert browsers["counsel"].send("POST", path, form).status in (400, 404)


def test_no_page_and_no_log_line_gives_a_task_token_away(aws, incidents, browsers):
    held = {token for response in incidents for token in response.tokens().values()}
    assert held, "executions wait"
    sessions = {browser.session for browser in browsers.values()}
    for browser in browsers.values():
        for response in incidents:
            paths = ["/incidents", f"/incidents/{response.incident}", f"/incidents/{response.incident}/facts", "/reviews", "/register", "/register.csv"]
            paths += ["/register.json", "/support"]
            paths += [path + end for path in map(review_path, response.records.waiting(response.incident)) for end in ("", "/text")]
            for path in paths:
                text = browser.get(path).text
                assert not [secret for secret in held | sessions if secret in text], path
    log = aws.function_log("tocsin-console")
    assert not [secret for secret in held | sessions if secret in log]


def test_of_two_who_decide_at_once_one_is_told_that_it_was_late(incidents, console):
    response = incidents[1]
    waiting = response.records.waiting(response.incident)[0]
    form = {**wanted(response)["decision"][1], "verdict": "changes-requested"}
    counsel = [Browser(console.origin) for _ in range(2)]
    for browser, sub in zip(counsel, people("counsel"), strict=True):
        browser.sign_in(sub)
    proven = [{"csrf": browser.csrf(), **form} for browser in counsel]
    decide = lambda browser, sent: browser.send("POST", review_path(waiting), sent)  # noqa: E731
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(decide, counsel, proven))
    assert sorted(answer.status for answer in answers) == [303, 409]
    assert "already-decided" in next(answer.text for answer in answers if answer.status == 409)


def test_a_decision_counts_by_whichever_door_it_came(aws, incidents):
    """After the test above: what the alarm and the dashboard count is in the log of the console, too."""
    log = aws.function_log("tocsin-console")
    assert '"LegalDecisions":1' in log and '"LegalDecisionsRefused":1' in log


# --- coming in -----------------------------------------------------------------------------------------------------------


def way_back(console, browser, sub: str = ""):
    """What the provider sends a browser back with; it is not followed yet."""
    back = browser.choose(sub or people("counsel")[0])
    while not back.location.startswith(console.origin):
        back = browser.send("GET", back.location)
    return back.location


def test_a_code_serves_the_browser_that_asked_for_it_once(console):
    victim, thief = Browser(console.origin), Browser(console.origin)
    stolen = urllib.parse.parse_qs(urllib.parse.urlsplit(way_back(console, victim)).query)
    own = way_back(console, thief, people("responder")[0])
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(own).query)["state"][0]
    answer = thief.send("GET", f"/signed-in?{encoded({'code': stolen['code'][0], 'state': state})}")
    assert answer.status == 400 and not thief.session, "without the victim's verifier the code is worth nothing"
    signed_in = way_back_signed_in(console, thief)
    used = urllib.parse.parse_qs(urllib.parse.urlsplit(signed_in).query)["code"][0]
    assert thief.send("GET", signed_in).status in REDIRECTS
    fresh = urllib.parse.parse_qs(urllib.parse.urlsplit(way_back_signed_in(console, thief)).query)["state"][0]
    first = thief.session
    assert thief.send("GET", f"/signed-in?{encoded({'code': used, 'state': fresh})}").status == 400
    assert thief.session == first, "the session that there was goes on"


def way_back_signed_in(console, browser) -> str:
    """The same where the provider knows who it is and asks nothing."""
    back = browser.send("GET", "/sign-in")
    while not back.location.startswith(f"{console.origin}/signed-in"):
        back = browser.send("GET", back.location)
    return back.location


def test_one_way_back_taken_twice_at_once_leads_in_once(console):
    browser = Browser(console.origin)
    back = way_back(console, browser)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies if cookie.name.startswith("__Host-"))
    ask = lambda _: Browser(console.origin).send("GET", back, headers={"cookie": cookies})  # noqa: E731
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = sorted(answer.status for answer in pool.map(ask, range(4)))
    assert statuses == [303, 400, 400, 400]


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query + "&state=x",
        lambda query: query + "&" + re.search(r"state=[^&]+", query)[0],
        lambda query: query + "&iss=https%3A%2F%2Felsewhere.example" if "iss=" not in query else re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Felsewhere.example", query),
        lambda query: re.sub(r"code=[^&]*", "code=", query),
        lambda query: re.sub(r"code=[^&]*", "code=%00%0d%0a", query),
        lambda query: re.sub(r"code=[^&]*", "error=%3Cscript%3Ex(1)%3C%2Fscript%3E&error_description=%3Cimg%3E", query),
        lambda query: re.sub(r"state=[^&]*", "state=" + "A" * 43, query),
        lambda query: re.sub(r"state=[^&]*", "state=" + "%2F" * 500, query),
    ],
    ids=["two states", "the state twice", "another issuer", "no code", "a code of control characters", "an error", "another state", "a long state"],
)
def test_a_way_back_that_somebody_changed_leads_nowhere(console, change):
    browser = Browser(console.origin)
    back = urllib.parse.urlsplit(way_back(console, browser))
    answer = browser.send("GET", f"{back.path}?{change(back.query)}")
    assert answer.status == 400 and not browser.session
    page = Page(answer.text)
    assert page.faults == [] and "x(1)" not in page.text, "nothing that was sent is repeated"


def test_after_a_sign_out_nothing_of_the_session_serves(console, incidents):
    browser = Browser(console.origin)
    browser.sign_in(people("privacy")[0])
    session, token = browser.session, browser.csrf()
    path, entry = wanted(incidents[1])["preview"]
    cookie = {"cookie": f"{SESSION}={session}"}
    assert browser.send("POST", path, {"csrf": token, **entry}).status == 200
    browser.sign_out()
    stolen = Browser(console.origin)
    assert stolen.send("GET", "/incidents", headers=cookie).status in REDIRECTS
    assert stolen.send("POST", path, {"csrf": token, **entry}, cookie).status == 401
    browser.sign_in(people("privacy")[0])
    assert browser.send("POST", path, {"csrf": token, **entry}).status == 403, "a form of the session before is not of this one"


@pytest.mark.parametrize("target", ["//elsewhere.example/incidents", "/%2f%2felsewhere.example", "/\\elsewhere.example", "/.//elsewhere.example", "/incidents//elsewhere.example", "/incidents/%0d%0aset-cookie:%20a=b", "/incidents?from=1%0d%0aset-cookie:%20a=b"])
def test_no_address_leads_elsewhere(console, target):
    browser = Browser(console.origin)
    answer = send(browser, target, "", None, "GET", cookie="a=b")
    location = answer.headers.get("location", "")
    assert not location or (location.startswith("/") and not location.startswith(("//", "/\\"))), location
    assert answer.status in (303, 307, 404) and answer.headers.get("set-cookie") is None
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query).get("return", ["/"])[0]
    landed = browser.sign_in(people("commander")[0], f"/sign-in?{encoded({'return': asked})}")
    assert landed.url.startswith(f"{console.origin}/")


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-host", "forwarded", "x-original-url", "x-rewrite-url", "x-forwarded-proto", "x-forwarded-prefix"])
def test_no_header_changes_where_people_come_back_to(console, header):
    value = "host=elsewhere.example" if header == "forwarded" else "elsewhere.example"
    answer = Browser(console.origin).send("GET", "/sign-in", headers={header: value})
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.location).query)
    assert asked["redirect_uri"] == [f"{console.origin}/signed-in"] and "elsewhere" not in answer.location
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]


# --- too much ------------------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_and_breaks_nothing(incidents, browsers, tokens):
    response, browser = incidents[0], browsers["counsel"]
    before = standing(incidents)
    path, fields = wanted(response)["decision"]
    proven = encoded({"csrf": tokens["counsel"], **fields})
    for what, status, answer in [
        ("a form of more than 64 KiB", 413, send(browser, path, proven + "&x=" + "a" * 65_536)),
        ("a reason that no page takes", 400, browser.send("POST", path, {"csrf": tokens["counsel"], **fields, "reason": "a" * 4001})),
        ("a reason that is not written", 400, browser.send("POST", path, {"csrf": tokens["counsel"], **fields, "missing_items_reason": "ä" * 4001})),
        ("ten thousand fields", 400, send(browser, path, proven.replace("reason=", "x=") + "&a=" * 10_000)),
    ]:
        assert answer.status == status, f"{what}: {answer.status}"
    facts, entry = wanted(response)["facts"]
    for changes in ({"reason": "a" * 2001}, {"changes": json.dumps({"notice.what_happened": "a" * 8001})}):
        assert browser.send("POST", facts, {"csrf": tokens["counsel"], **entry, **changes}).status == 400
    preview, asked = wanted(response)["preview"]
    long = {"asked": "notice.what_happened", "value.notice.what_happened": "a" * 8001}
    answer = browser.send("POST", preview, {"csrf": tokens["counsel"], **asked, **long})
    assert answer.status == 422 and "more than 8000 letters" in answer.text
    answer = browser.send("POST", preview, {"csrf": tokens["counsel"], **asked, "reason": "a" * 2001})
    assert answer.status == 422 and "more than 2000 letters" in answer.text
    for query in ("from=" + "9" * 5000, "from=-1", "from=%ff", "&".join(["from=0"] * 500)):
        assert browser.send("GET", f"/incidents?{query}").status == 200
    assert browser.send("GET", "/incidents", headers={"cookie": f"{SESSION}={'a' * 8000}"}).status in REDIRECTS
    assert standing(incidents) == before


# --- two doors -----------------------------------------------------------------------------------------------------------


def test_one_person_through_two_doors_is_not_two_reviewers(aws, tocsin, attack, reviewers, console):
    """The first decides as an IAM user; whoever comes second through the console may be the same person."""
    response = attack()
    kept = json.loads(aws.client("s3").get_object(Bucket=tocsin.settings, Key=organisation.PATH)["Body"].read())
    organisation.put(aws, tocsin.settings, {**kept, "legal_gate": {"four_eyes": ["all"]}})
    try:
        response.publish()
        response.until_gate()
        waiting = response.records.waiting(response.incident)[0]
        path, form = wanted(response)["decision"]
        missing = {name: form[name] for name in ("missing_items_reason",) if name in form}
        assert reviewers[0].decide(waiting, form["digest"], "approved", **missing)[0] == 202
        browser = Browser(console.origin)
        browser.sign_in(people("counsel")[0])
        answer = browser.post(path, form)
        assert answer.status == 409 and "other-sign-in" in answer.text
        assert answer.fields("verdict") == ["changes-requested", "rejected"], "the page offers what the gate takes"
        assert review(response, waiting)["decision"] is None and response.mails() == []
        # At the door of the first, another person can.
        assert reviewers[1].decide(waiting, form["digest"], "approved", **missing)[0] == 200
    finally:
        organisation.put(aws, tocsin.settings, kept)


# --- after all of it -----------------------------------------------------------------------------------------------------


def test_a_denial_is_on_record_by_route_role_and_reason(aws, incidents, browsers, tokens):
    path, fields = wanted(incidents[0])["decision"]
    for role, form, reason in [
        ("privacy", {"csrf": tokens["privacy"], **fields}, "wrong-role"),
        ("counsel", {"csrf": tokens["privacy"], **fields}, "no-csrf-token"),
    ]:
        before = len(aws.function_log("tocsin-console"))
        assert browsers[role].send("POST", path, form).status == 403
        lines = aws.wait_until(lambda: aws.function_log("tocsin-console")[before:], what="the line")  # noqa: B023
        denied = next(json.loads(line) for line in lines.splitlines() if '"a request was denied"' in line)
        assert denied["http.route"] == "/reviews/{incident}/{obligation}/{version}" and denied["http.request.method"] == "POST"
        assert (denied["user.roles"], denied["denial.reason"]) == (role, reason)
        assert set(denied) == {"level", "timestamp", "message", "http.route", "http.request.method", "user.roles", "denial.reason"}


def test_no_log_of_all_this_says_who_or_what(aws, incidents, browsers, tokens):
    log = aws.function_log("tocsin-console")
    names = [part for user in users() for part in (user["sub"], *user["name"].split(), f"{user['sub']}@")]
    secrets = [*tokens.values(), *(browser.session for browser in browsers.values())]
    typed = ["read in full", "counted", "in phases", "elsewhere.example", "127.0.0.1", "affected.FR"]
    assert log and not [word for word in names + secrets + typed if word in log]
    assert not re.search(r"code=|state=|Bearer|eyJ[A-Za-z0-9]", log)
