"""Requests of people about their own data, with the real function: from the form to the receipt, and what an attacker gets out of it."""

import datetime
import json
import re
import time
import urllib.parse

import browser
import pytest
from console import Browser, people
from data_subjects import LIMITS, LINKS, REQUESTS, PublicPages, lines, mailbox, seen
from demo import mail, places

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl")
FUNCTION = "tocsin-take-privacy-request"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'\u202etxt.exe"


@pytest.fixture(scope="module")
def public(aws, tocsin, requests_api, open_shop):
    open_shop()  # whose settings name the organisation
    return PublicPages(aws, tocsin.table, requests_api)


def a_month_after(moment: str) -> datetime.date:
    """GDPR Art. 12(3), counted by hand: the same day of the next month in Berlin, or its last."""
    day = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(datetime.timezone(datetime.timedelta(hours=1))).date()
    first = (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    last = (first + datetime.timedelta(days=32)).replace(day=1) - datetime.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def test_from_the_form_to_the_receipt(public):
    email = mailbox()
    form = public.get("/requests")
    assert form.status == 200
    for field in ('name="kind"', 'name="residence"', 'name="email"', 'name="words"'):
        assert field in form.text
    sent = public.ask(email, words="I was a customer in 2024.")
    assert sent.status == 200
    assert "If mail can be delivered to that address" in sent.text
    (mailed,) = public.mails(email)
    assert mailed["Source"] == "privacy@shop.example"
    link = public.link(email)
    page = public.get(link)
    assert page.status == 200
    assert 'method="post"' in page.text
    assert public.on_record(email) == []
    receipt = public.confirm(link)
    assert receipt.status == 200
    (request,) = public.on_record(email)
    said = lines(receipt.text)
    assert said["Reference"] == request["reference"]
    assert said["Request"] == "Access"
    assert said["Under"].startswith("GDPR Art. 12(3)")
    due = a_month_after(request["received_at"])
    assert said["Answered by"] == f"{due.day} {due:%B %Y}"
    assert (request["kind"], request["residence"], request["words"]) == ("access", "europe", "I was a customer in 2024.")
    _, mailed = public.mails(email)
    for line in (said["Reference"], said["Answered by"], said["Received"], said["Under"]):
        assert line in mailed["BodyText"], mailed["BodyText"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_mails_speak_the_readers_language(public, language):
    email, link = public.asked(language=language, residence="elsewhere", kind="opt-out")
    answers = [public.get("/", accept_language=language), public.get(f"/requests?lang={language}"), public.get(link), public.confirm(link)]
    for answer in answers:
        assert answer.status == 200
        assert f'<html lang="{language}">' in answer.text
        assert "{" not in answer.text, "nothing is left to be filled in"
    for mailed in public.mails(email):
        assert f'<html lang="{language}">' in mailed["BodyHtml"]
        assert "{" not in mailed["BodyText"] + mailed["Subject"]


def test_opening_the_link_confirms_nothing_however_often(public):
    """Programs that look into mails open every link, and with HEAD, too."""
    email, link = public.asked()
    for method in ("GET", "HEAD", "GET", "OPTIONS", "PUT"):
        public.send(method, link)
    assert public.on_record(email) == []
    assert len(public.mails(email)) == 1


def test_confirming_again_shows_the_same_receipt_and_does_nothing_anew(public):
    email, link = public.asked()
    first = public.confirm(link)
    assert seen(public.confirm(link)) == seen(first)
    assert lines(public.get(link).text) == lines(first.text)
    (request,) = public.on_record(email)
    assert len(public.mails(email)) == 2, "one link and one receipt"
    execution = public.aws.client("stepfunctions").describe_execution(executionArn=execution_of(public, request))
    assert json.loads(execution["input"]) == {"reference": request["reference"]}


def execution_of(public, request: dict) -> str:
    machines = public.aws.client("stepfunctions").list_state_machines()["stateMachines"]
    (arn,) = [machine["stateMachineArn"] for machine in machines if machine["name"] == "tocsin-data-subject-request"]
    return f"{arn.replace(':stateMachine:', ':execution:')}:{request['reference']}"


def test_a_receipt_that_was_not_mailed_is_mailed_the_next_time(public):
    email, link = public.asked()
    public.aws.fail_call("ses", "SendEmail", "MessageRejected", times=1)
    assert public.confirm(link).status == 200, "the page is a receipt, too"
    assert len(public.mails(email)) == 1
    assert public.confirm(link).status == 200
    assert len(public.mails(email)) == 2


def test_nobody_learns_from_the_answer_what_became_of_an_address(public):
    """New, asked for before, over its limit, refused by the mail service: one answer, and no sooner."""
    known = mailbox()
    answers, took = [], []

    def ask(email: str) -> None:
        began = time.monotonic()
        answers.append(public.ask(email))
        took.append(time.monotonic() - began)

    for _ in range(5):
        ask(known)
    ask(mailbox())
    public.aws.fail_call("ses", "SendEmail", "MessageRejected", times=1)
    ask(mailbox())
    public.aws.clear_faults()
    assert len(public.mails(known)) == 3
    assert len({str(seen(answer)) for answer in answers}) == 1
    assert answers[0].status == 200
    assert min(took) >= 1, took


def test_an_address_gets_three_mails_a_day_however_it_is_written(public):
    name = mailbox("Grace")
    spelt = [name, name.upper(), f" {name.lower()} ", name.capitalize(), name]
    for email in spelt:
        assert public.ask(email).status == 200
    mails = [sent for sent in public.aws.mail() if sent["To"][0].lower() == name.lower()]
    assert len(mails) == 3


def test_a_network_address_is_limited_whatever_mailboxes_it_names(public):
    before = set(public.items(LIMITS))
    public.ask(mailbox(), network="192.0.2.55")
    made = {name: record for name, record in public.items(LIMITS).items() if name not in before}
    assert len(made) == 2, "one counter of the mailbox, one of the network address"
    for name, record in made.items():
        public.put(name, record | {"count": 60})
    limited, other = mailbox(), mailbox()
    public.ask(limited, network="192.0.2.55")
    public.ask(limited, network="10.9.8.7, 192.0.2.55")
    assert public.mails(limited) == [], "who makes up another hop is limited all the same"
    public.ask(other, network="192.0.2.56")
    assert len(public.mails(other)) == 1


def test_a_link_that_ended_was_guessed_or_is_none_is_the_same_page(public):
    email, link = public.asked()
    ended = urllib.parse.urlsplit(link).path
    (name,) = [name for name, record in public.items(LINKS).items() if record["email"] == email]
    record = public.items(LINKS)[name]
    public.put(name, record | {"expires_at": "2026-01-01T00:00:00Z", "asked_at": "2025-12-31T00:00:00Z"})
    guessed = f"/requests/confirm/{'A' * 43}"
    for method in ("GET", "POST"):
        paths = (ended, guessed, guessed + "A", "/requests/confirm/x")
        answers = [public.send(method, path, {} if method == "POST" else None) for path in paths]
        assert len({str(seen(answer)) for answer in answers}) == 1
        assert answers[0].status == 404
    assert public.on_record(email) == []


def test_the_link_of_one_person_shows_nothing_of_another(public):
    one, other = public.confirmed(), public.asked()
    assert one["reference"] not in public.get(other[1]).text
    assert one["reference"] not in public.confirm(other[1]).text


def test_the_table_holds_no_token_and_the_limits_no_address(public):
    email, link = public.asked(network="192.0.2.77")
    token = urllib.parse.urlsplit(link).path.rsplit("/", 1)[1]
    everything = json.dumps([[*key, item] for key, item in public.records.everything().items()], default=str)
    assert token not in everything
    limits = json.dumps(public.items(LIMITS))
    assert "people.example" not in limits
    assert "192.0.2.77" not in limits
    (record,) = [record for record in public.items(LINKS).values() if record["email"] == email]
    assert 0 < record["forget_at"] - time.time() <= 86_400
    assert all(record["forget_at"] > time.time() for record in public.items(LIMITS).values())


def test_no_log_says_who_asked(public):
    email, link = public.asked(words="my words", network="192.0.2.78")
    public.confirm(link)
    public.aws.fail_call("ses", "SendEmail", "MessageRejected", times=1)
    public.ask(mailbox("secret"))
    public.aws.clear_faults()
    logged = public.aws.wait_until(lambda: "a link was not mailed" in public.aws.function_log(FUNCTION) and public.aws.function_log(FUNCTION), what="the line about the mail")
    token = urllib.parse.urlsplit(link).path.rsplit("/", 1)[1]
    for personal in (email, "secret", "people.example", "my words", "192.0.2.78", token):
        assert personal not in logged


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@people", "ada@people.example\r\nBcc: eve@people.example", "a@b.example,c@d.example", "Ada <ada@people.example>", "a" * 65 + "@people.example"],
)
def test_what_is_no_mailbox_is_refused_by_name_and_mailed_to_nobody(public, email):
    before = len(public.aws.mail())
    answer = public.ask(email, kind="erasure")
    assert answer.status == 400
    assert 'href="#email"' in answer.text
    assert 'value="erasure" required checked' in answer.text, "what was right stays"
    assert len(public.aws.mail()) == before


def test_a_form_names_every_field_that_is_missing(public):
    answer = public.send("POST", "/requests", {})
    assert answer.status == 400
    assert re.findall(r'href="#(\w+)"', answer.text)[-3:] == ["kind", "residence", "email"]
    twice = [("kind", "access"), ("kind", "erasure"), ("residence", "europe"), ("email", mailbox())]
    assert public.send("POST", "/requests", twice).status == 400
    assert public.ask(mailbox(), words="x" * 2_001).status == 400
    assert public.send("POST", "/requests", {"words": "x" * 40_000}).status in (400, 413)
    assert public.send("POST", "/requests", {"kind": "access"}, content_type="application/json").status == 400


def test_what_an_attacker_writes_stays_text(public, console):
    answer = public.ask(HOSTILE, words=HOSTILE)
    assert answer.status == 400
    assert "<script>" not in answer.text
    assert "<img" not in answer.text
    request = public.confirmed(words=HOSTILE)
    privacy = Browser(console.origin)
    privacy.sign_in(people("privacy")[0])
    page = privacy.get(f"/requests/{request['reference']}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "⟨U+202E⟩" in page


@pytest.mark.parametrize("headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}], ids=str)
def test_a_form_of_another_site_is_refused(public, headers):
    email, link = public.asked()
    assert public.ask(mailbox(), **headers).status == 403
    assert public.confirm(link, **headers).status == 403
    assert public.on_record(email) == []


@pytest.mark.parametrize("path", ["/", "/requests", "/requests/confirm/x", "/nothing", "/requests/", "/incidents", "/reviews", "/sign-in"])
def test_every_answer_is_held_short_and_nothing_else_is_here(public, path):
    answer = public.get(path)
    assert answer.status == (200 if path in ("/", "/requests") else 404)
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age=63072000" in answer.headers["strict-transport-security"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    for loose in ("unsafe-inline", "unsafe-eval", "script-src", "*", "http:"):
        assert loose not in policy
    assert answer.headers.get_all("set-cookie") is None
    assert "<script" not in answer.text


def test_pages_can_be_read_by_everybody(public):
    """axe-core, 320 px, dark, zoomed; with the style sheet that the pages load."""
    _, link = public.asked()
    found = {
        "home": public.get("/").text,
        "form": public.get("/requests").text,
        "form-refused": public.send("POST", "/requests", {}).text,
        "sent": public.ask(mailbox()).text,
        "confirm": public.get(link).text,
        "receipt": public.confirm(link).text,
        "gone": public.get("/requests/confirm/x").text,
        "home-de": public.get("/?lang=de").text,
        "form-pl": public.get("/requests?lang=pl").text,
    }
    styles = re.search(r'href="(/assets/public\.css\?v=[0-9a-f]+)"', found["home"]).group(1)
    css = public.get(styles)
    assert (css.status, css.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in css.headers["cache-control"]
    # Here a page has no origin, so it brings its styles along.
    whole = {name: re.sub(r'<link rel="stylesheet"[^>]*>', f"<style>{css.text}</style>", page) for name, page in found.items()}
    looks = browser.look(whole)
    assert {look["page"] for look in looks} == set(whole)
    for look in looks:
        where = f"{look['page']}, {look['view']}"
        assert look["faults"] == [], where
        assert not look["wide"], f"{where}: a person has to scroll sideways"
        assert look["smallest"] >= 12, where


def past(request: dict, number: int, **more) -> tuple[str, dict]:
    """The same request, received so long ago that its time is over, under another name."""
    reference = f"R-0000-0000-0000-{number:04X}"
    term = request["term"] | {"due_at": "2026-02-01T22:59:59Z", "latest_at": "2026-02-02T22:59:59Z"}
    times = {"received_at": "2026-01-01T10:00:00Z", "confirmed_at": "2026-01-01T11:00:00Z"}
    return reference, request | times | {"reference": reference, "term": term, "acts": [], "reminded": {}} | more


def run(public, reference: str) -> str:
    states = public.aws.client("stepfunctions")
    arn = execution_of(public, {"reference": reference})
    machine = arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
    states.start_execution(stateMachineArn=machine, name=reference, input=json.dumps({"reference": reference}))
    return arn


def last_state(public, execution: str) -> str:
    states = public.aws.client("stepfunctions")
    public.aws.wait_until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING", seconds=30, what="the end")
    events = states.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
    return next(event["stateExitedEventDetails"]["name"] for event in events if "stateExitedEventDetails" in event)


def test_the_privacy_team_is_paged_once_when_the_time_is_over(public, operator):
    request = public.confirmed()
    reference, overdue = past(request, 1)
    public.put(f"{REQUESTS} {reference}", overdue)
    assert last_state(public, run(public, reference)) == "RequestOverdue"
    told = [page for page in mail.pages(public.aws, operator) if reference in page]
    assert len(told) == 1
    assert request["email"] not in told[0], "a page says nothing of the person"
    answer = public.aws.client("lambda").invoke(FunctionName="tocsin-remind-privacy", Payload=json.dumps({"reference": reference}).encode())
    assert json.loads(answer["Payload"].read()) == {"state": "overdue"}
    assert len([page for page in mail.pages(public.aws, operator) if reference in page]) == 1, "a repeat says nothing anew"


def test_nobody_is_paged_about_what_was_answered_or_has_time(public, operator):
    request = public.confirmed()
    answered = [{"deed": "answered", "by": "privacy", "at": "2026-01-20T10:00:00Z", "reason": ""}]
    reference, settled = past(request, 2, acts=answered)
    public.put(f"{REQUESTS} {reference}", settled)
    assert last_state(public, run(public, reference)) == "RequestSettled"
    waiting = public.aws.client("stepfunctions").describe_execution(executionArn=execution_of(public, request))
    assert waiting["status"] == "RUNNING"
    told = mail.pages(public.aws, operator)
    assert not any(name in page for page in told for name in (reference, request["reference"]))


def test_a_request_that_cannot_be_watched_is_heard_of(public, operator):
    reference = "R-0000-0000-0000-00FF"
    execution = run(public, reference)
    public.aws.wait_until(lambda: any(reference in page for page in mail.pages(public.aws, operator)), seconds=30, what="the page")
    ended = public.aws.client("stepfunctions").describe_execution(executionArn=execution)
    assert ended["status"] == "FAILED"


def test_the_privacy_team_sees_what_waits_and_records_what_it_did(public, console):
    first, second = public.confirmed(), public.confirmed(kind="opt-out", residence="california")
    privacy = Browser(console.origin)
    privacy.sign_in(people("privacy")[0])
    listed = privacy.get("/requests").text
    assert listed.index(second["reference"]) < listed.index(first["reference"]), "15 business days end before a month"
    assert first["email"] not in listed, "the list does not say whose they are"
    path = f"/requests/{first['reference']}"
    assert first["email"] in privacy.get(path).text
    assert privacy.post(path, {"deed": "refused", "reason": " "}).status == 409
    assert privacy.post(path, {"deed": "forgotten", "reason": "so"}).status == 400
    assert privacy.post(path, {"deed": "identity-verified", "reason": ""}).status == 303
    assert privacy.post(path, {"deed": "extended", "reason": "many requests"}).status == 303
    assert privacy.post(path, {"deed": "answered", "reason": "copy sent"}).status == 303
    assert privacy.post(path, {"deed": "refused", "reason": "too late"}).status == 409
    (request,) = public.on_record(first["email"])
    assert [act["deed"] for act in request["acts"]] == ["identity-verified", "extended", "answered"]
    assert all(act["by"].endswith(f"#{people('privacy')[0]}") for act in request["acts"])
    assert request["extension"]["due_at"] == request["term"]["extends_to"]


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_who_may_only_look_changes_nothing(public, console, role):
    request = public.confirmed()
    reader = Browser(console.origin)
    reader.sign_in(people(role)[0])
    path = f"/requests/{request['reference']}"
    page = reader.get(path)
    assert page.status == 200
    assert 'name="deed"' not in page.text
    assert reader.post(path, {"deed": "answered", "reason": ""}).status == 403
    assert public.on_record(request["email"])[0].get("acts", []) == []


@pytest.mark.parametrize("role", ["responder", "commander", "counsel"])
def test_nobody_else_learns_who_asked(public, console, role):
    reader = Browser(console.origin)
    reader.sign_in(people(role)[0])
    request = public.confirmed()
    for path in ("/requests", f"/requests/{request['reference']}"):
        assert reader.get(path).status == 403


@pytest.mark.parametrize("reference", ["R-0000-0000-0000-ABCD", "x", "..%2fincidents", "r-0000-0000-0000-0000"])
def test_a_request_that_is_not_there_is_not_there(console, reference):
    privacy = Browser(console.origin)
    privacy.sign_in(people("privacy")[0])
    assert privacy.get(f"/requests/{reference}").status == 404
    assert privacy.post(f"/requests/{reference}", {"deed": "answered", "reason": ""}).status == 404


def test_the_stage_takes_only_what_comes_through_the_distribution(public):
    """As the template says it: the local AWS has no firewall that would refuse."""
    name = public.base.split("/execute-api/")[1]
    stage = f"arn:aws:apigateway:{public.aws.region}::/restapis/{name.replace('/', '/stages/')}"
    firewall = public.aws.client("wafv2").get_web_acl_for_resource(ResourceArn=stage)["WebACL"]
    assert firewall["DefaultAction"] == {"Block": {}}
    (allowed,) = [rule for rule in firewall["Rules"] if "Allow" in rule.get("Action", {})]
    match = allowed["Statement"]["ByteMatchStatement"]
    assert match["FieldToMatch"] == {"SingleHeader": {"Name": "x-tocsin-origin"}}
    assert match["PositionalConstraint"] == "EXACTLY"
    assert (places.REPOSITORY / "infra" / "privacy-requests.yaml").read_text(encoding="utf-8").count("OriginSecret") == 2
