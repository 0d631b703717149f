"""The public pages: from a finding to the page that anybody reads, and nothing before counsel approved exactly that page."""

import html
import json
import pathlib
import re
import urllib.error
import urllib.request

import browser
import pytest
from console import Browser, people
from demo import organisation, public
from demo import console as demo_console
from local_aws.cloudfront import REGION

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "functions/incident/tests/golden/public"
PUBLISHED = "us-ca-ind"
HOSTILE = "</title></style><script src=//evil.example/x.js></script><img src=x onerror=\"document.title='run'\"> {{ 7*7 }} ${env}"


def fetch(origin: str, path: str, method: str = "GET"):
    """Status, headers and body, as somebody without any right gets them."""
    request = urllib.request.Request(origin + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode(errors="replace")


def versions(aws, bucket: str, incident: str) -> list[tuple[str, str]]:
    listed = aws.client("s3", region=REGION).list_object_versions(Bucket=bucket, Prefix=f"notices/{incident}/")
    return [(version["Key"], version["VersionId"]) for version in listed.get("Versions", [])]


@pytest.fixture(scope="module")
def edge(aws, tocsin):
    with public.opened(aws, tocsin) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_case(aws, tocsin, edge, attack):
    """A response of an organisation that publishes notices, once all of its notices wait for counsel."""

    def one():
        response = attack()
        settings = organisation.settings([response.shop.bucket])
        organisation.put(aws, tocsin.settings, public.published(settings, edge))
        response.publish()
        response.until_gate()
        return response

    return one


@pytest.fixture(scope="module")
def case(open_case, reviewers):
    """Counsel asks for another text, with words of an attacker in it, and has not approved that one yet."""
    response = open_case()
    first = response.waiting(PUBLISHED)
    response.first = response.draft(first)
    facts = {"notice.what_happened": HOSTILE}
    status, answer = reviewers[0].decide(first, response.first["digest"], "changes-requested", facts=facts)
    assert status == 200, answer
    find = lambda: [review for review in response.records.waiting(response.incident) if (review["obligation"], review["version"]) == (PUBLISHED, 2)]  # noqa: E731
    response.review = response.aws.wait_until(find, seconds=60, what="the second version")[0]
    response.second = response.draft(response.review)
    return response


@pytest.fixture(scope="module")
def before(case, edge, aws):
    """What the public had while counsel had not approved anything."""
    paths = [f"/{case.first['page']['path']}", f"/{case.first['page']['path'].removesuffix('index.html')}"]
    return [fetch(edge.origin, path)[0] for path in paths], versions(aws, edge.bucket, case.incident)


@pytest.fixture(scope="module")
def published(case, before, reviewers):
    """Counsel, another than who entered the facts, has approved it, and it has gone out."""
    reviewers[1].approve(case, case.review)
    found = lambda: [sent for sent in case.of("DELIVERY") if sent["obligation"] == PUBLISHED and sent["state"] == "sent"]  # noqa: E731
    case.delivery = case.aws.wait_until(found, seconds=60, what="the notice")[0]
    (case.publication,) = case.of("PUBLICATION")
    return case


def test_nothing_is_public_before_counsel_approved_it(before):
    statuses, kept = before
    assert statuses == [403, 403]
    assert kept == []


def test_the_page_is_exactly_what_was_approved(published, edge):
    address = published.publication["address"]
    assert address == f"{edge.origin}/notices/{published.incident}/{PUBLISHED}/en/"
    status, headers, body = fetch(edge.origin, address.removeprefix(edge.origin))
    assert (status, headers["content-type"], headers["content-language"]) == (200, "text/html; charset=utf-8", "en")
    assert body == published.second["page"]["html"]
    assert (published.publication["digest"], published.publication["version"]) == (published.second["digest"], 2)


def test_the_record_in_the_vault_is_the_page_too(published):
    assert published.read(f"notices/{PUBLISHED}/v2/public-page.html").decode() == published.second["page"]["html"]


def test_the_page_leads_to_the_form_for_requests_behind_the_same_name(published, edge):
    page = published.second["page"]["html"]
    leads = {html.unescape(found) for found in re.findall(r'href="([^"]+)"', page)}
    (form,) = (found for found in leads if "/requests" in found)
    status, headers, body = fetch(edge.origin, form.removeprefix(edge.origin))
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert "<form" in body
    assert fetch(edge.origin, "/incidents")[0] == 404, "the console is somewhere else"


def test_hostile_words_stay_words(published, edge):
    _, _, body = fetch(edge.origin, published.publication["address"].removeprefix(edge.origin))
    assert "&lt;script src=" in body
    assert "{{ 7*7 }}" in body
    assert re.findall(r"<(script|img|iframe|object|embed)\b", body) == []


def test_a_browser_may_do_little_with_it(published, edge):
    _, headers, body = fetch(edge.origin, published.publication["address"].removeprefix(edge.origin))
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert all(part in policy for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"))
    assert "script-src" not in policy
    assert "http-equiv=\"Content-Security-Policy\"" in body
    wanted = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
    assert {name: headers[name] for name in wanted} == wanted
    assert int(re.fullmatch(r"max-age=(\d+)", headers["strict-transport-security"])[1]) >= 31536000
    assert headers.get("set-cookie") is None


def test_only_the_page_is_there_and_only_to_read(published, edge, aws):
    path = f"/{published.second['page']['path']}"
    assert [key for key, _ in versions(aws, edge.bucket, published.incident)] == [path.removeprefix("/")]
    assert fetch(edge.origin, path)[0] == 200
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(edge.origin, path, method)[0] == 403
    for missing in ("/notices/", f"/notices/{published.incident}/", path.replace("/en/", "/de/"), path.replace("us-ca-ind", "eu-gdpr-33-1")):
        assert fetch(edge.origin, missing)[0] == 403, missing
    assert fetch(edge.origin, "/settings/organisation.json")[0] == 404, "what is no notice is the form's, which has no such page"


def test_a_repeat_publishes_and_sends_nothing_new(published, edge, aws):
    kept, mails = versions(aws, edge.bucket, published.incident), len(published.mails())
    task = {name: published.second[name] for name in ("incident", "obligation", "version", "digest")}
    for _ in range(2):
        error, answer = published.invoke("send-notice", task)
        assert (error, answer["next"], answer.get("unpublished")) == (None, "nothing", None)
    assert versions(aws, edge.bucket, published.incident) == kept
    assert len(kept) == 1
    assert len(published.mails()) == mails
    assert published.of("PUBLICATION") == [published.publication]


def test_the_incident_says_where_and_since_when_it_is_public(published, console, aws):
    (auditor, *_) = people("auditor")
    person = Browser(demo_console.origin(aws))
    person.sign_in(auditor)
    page = person.get(f"/incidents/{published.incident}").text
    address = published.publication["address"]
    assert f'public at <a href="{address}"' in page
    assert f"{PUBLISHED} made public at {address}" in html.unescape(page)


def test_authorities_read_no_page(published):
    with_page = {draft["obligation"] for draft in published.of("DRAFT") if draft.get("page")}
    assert with_page == {PUBLISHED}


def test_counsel_sees_the_page_before_deciding(case, console, aws):
    """In a frame that runs nothing, of the same bytes that the digest covers."""
    (counsel, *_), (responder, *_) = people("counsel"), people("responder")
    person = Browser(demo_console.origin(aws))
    person.sign_in(counsel)
    review = f"/reviews/{case.incident}/{PUBLISHED}"
    shown = person.get(f"{review}/2")
    assert f'src="{review}/2/page"' in shown.text
    assert "sandbox" in re.search(rf'<iframe src="{review}/2/page"[^>]*>', shown.text)[0]
    page = person.get(f"{review}/2/page")
    assert (page.status, page.text) == (200, case.second["page"]["html"])
    assert "sandbox" in page.headers["content-security-policy"]
    assert person.get(f"{review}/1/page").text == case.first["page"]["html"]
    assert person.get(f"/reviews/{case.incident}/eu-gdpr-33-1/1/page").status == 404
    assert person.get(f"{review}/3/page").status == 404
    other = Browser(demo_console.origin(aws))
    other.sign_in(responder)
    assert other.get(f"{review}/2/page").status == 403


def test_mails_go_out_where_the_page_cannot_and_the_operator_is_paged(open_case, reviewers, edge, aws):
    response = open_case()
    aws.fail_call("s3", "PutObject", code="AccessDenied", status=403, times=100, principal="tocsin-send-notice", bucket=edge.bucket)
    review = response.waiting(PUBLISHED)
    reviewers[0].approve(response, review)
    draft = response.draft(review)
    sent = lambda: [one for one in response.of("DELIVERY") if one["obligation"] == PUBLISHED and one["state"] == "sent"]  # noqa: E731
    response.aws.wait_until(sent, seconds=60, what="the notice")
    response.aws.wait_until(lambda: [page for page in response.pages() if "not public" in page], seconds=30, what="a page")
    recipient = organisation.RECIPIENTS[PUBLISHED]["email"]
    assert len([mail for mail in response.mails() if mail["To"] == [recipient]]) == 1
    assert response.of("PUBLICATION") == []
    assert fetch(edge.origin, f"/{draft['page']['path']}")[0] == 403
    aws.clear_faults()
    # What somebody else put there is neither taken for the page nor written over.
    put = {"Bucket": edge.bucket, "Key": draft["page"]["path"], "ContentType": "text/html; charset=utf-8"}
    aws.client("s3", region=REGION).put_object(**put, Body=b"another page")
    task = {name: draft[name] for name in ("incident", "obligation", "version", "digest")}
    error, answer = response.invoke("send-notice", task)
    assert error is None
    assert "another page lies at" in answer["unpublished"]
    assert response.of("PUBLICATION") == []
    # An earlier try that ended before it recorded the page: as the operator is told to, once more.
    aws.client("s3", region=REGION).put_object(**put, Body=draft["page"]["html"].encode())
    error, answer = response.invoke("send-notice", task)
    assert (error, answer.get("unpublished")) == (None, None)
    assert fetch(edge.origin, f"/{draft['page']['path']}")[2] == draft["page"]["html"]
    assert [one["version"] for one in response.of("PUBLICATION")] == [1]
    assert len([mail for mail in response.mails() if mail["To"] == [recipient]]) == 1


def test_what_counsel_rejects_is_never_public(open_case, reviewers, edge, aws):
    response = open_case()
    review = response.waiting(PUBLISHED)
    status, answer = reviewers[0].decide(review, response.draft(review)["digest"], "rejected")
    assert status == 200, answer
    execution = lambda: response.duty(PUBLISHED)["state"] != "open"  # noqa: E731
    response.aws.wait_until(execution, seconds=30, what="the end of the duty")
    task = {name: response.draft(review)[name] for name in ("incident", "obligation", "version", "digest")}
    error, _ = response.invoke("send-notice", task)
    assert error == "Incident.Rejected"
    assert versions(aws, edge.bucket, response.incident) == []
    assert response.of("PUBLICATION") == []


@pytest.fixture(scope="module")
def pages(published):
    golden = {path.name: path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.html"))}
    return {**golden, "as fetched": published.second["page"]["html"]}


@pytest.fixture(scope="module")
def seen(pages):
    return browser.look(pages)


def test_axe_finds_nothing_in_any_language(pages, seen):
    assert len(pages) == 8
    assert [(look["page"], look["view"], look["faults"] + look["unsure"]) for look in seen if look["faults"] or look["unsure"]] == []
    assert all(look["passed"] > 10 for look in seen if look["view"] != "narrow")


def test_no_page_is_wider_than_a_narrow_window_or_asks_for_anything(seen):
    assert [(look["page"], look["view"]) for look in seen if look["wide"] or look["requests"]] == []
    assert all(look["smallest"] * 0.75 >= 10 for look in seen)


def test_on_paper_every_address_can_be_read(pages):
    for page in browser.on_paper(pages):
        assert page["background"] in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), page
        assert page["color"] == "rgb(0, 0, 0)"
        assert [link for link in page["links"] if link["href"].startswith("http") and link["href"] not in link["after"]] == []
        assert len(page["links"]) >= 3


def test_the_settings_of_the_stack_are_those_that_the_response_writes_by(aws, tocsin, edge):
    """Neither stack is made of the other: the name of the bucket joins them."""
    environment = aws.client("lambda").get_function_configuration(FunctionName="tocsin-send-notice")["Environment"]["Variables"]
    assert (environment["PUBLIC_PAGES_BUCKET"], environment["PUBLIC_PAGES_REGION"]) == (edge.bucket, REGION)


def test_the_log_of_the_edge_names_nobody(aws, edge):
    template = json.loads(json.dumps(aws.client("cloudformation", region=REGION).get_template(StackName="tocsin-public")["TemplateBody"], default=str))
    text = template if isinstance(template, str) else json.dumps(template)
    fields = re.search(r'"RecordFields": \[(.*?)\]', text.replace("\n", " "))
    assert fields, "the log says which fields it has"
    assert re.findall(r"c-ip|cs-uri|cs\(|forwarded|cs-cookie|query|asn|country", fields[1]) == []
