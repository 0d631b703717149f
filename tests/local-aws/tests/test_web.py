"""Web pages: an API behind a name of its own, and the provider that people sign in with."""

import base64
import hashlib
import http.client
import http.cookiejar
import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from demo import places
from local_aws.identity_provider import CLIENT_ID, IdentityProvider, ProviderFailed, users

HERE = pathlib.Path(__file__).parent
ORIGIN = "http://localhost:1"


@pytest.fixture(scope="module")
def site(aws):
    outputs = aws.deploy("web", HERE / "stack" / "web.yaml")
    return {"port": int(aws.endpoint.rsplit(":", 1)[-1]), **outputs}


def ask(site, method, target, body=None, headers=None, host="localhost"):
    connection = http.client.HTTPConnection("127.0.0.1", site["port"], timeout=10)
    connection.request(method, target, body=body, headers={"Host": f"{host}:{site['port']}", **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_a_name_leads_to_the_root_of_the_stage(site):
    status, headers, body = ask(site, "POST", "/a/b%20c?d=e", body="f=g", headers={"Cookie": "__Host-h=i", "Content-Type": "text/plain"})
    seen = json.loads(body)
    assert (status, headers["content-type"]) == (201, "text/html")
    assert headers.get_all("set-cookie") == ["first=1; Path=/", "second=2; Path=/"]
    assert headers["access-control-allow-origin"] is None
    assert (seen["httpMethod"], seen["path"], seen["queryStringParameters"], seen["body"]) == ("POST", "/a/b c", {"d": "e"}, "f=g")
    lower = {name.lower(): value for name, value in seen["headers"].items()}
    assert lower["cookie"] == "__Host-h=i"
    assert lower["host"] == f"localhost:{site['port']}"


@pytest.mark.parametrize("path", ["/", "/health", "/_ministack/health", "/_aws/lambda-url/x/", "/incidents/inc-1", "/iceberg"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DELETE"])
def test_every_path_of_the_name_is_the_functions(site, method, path):
    status, _headers, body = ask(site, method, path)
    assert (status, json.loads(body)["path"]) == (201, path)


def test_apis_of_aws_are_served_under_the_address_alone(aws, site):
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account
    assert ask(site, "GET", "/_ministack/health", host="127.0.0.1")[0] == 200


def test_a_firewall_of_a_template_is_associated(aws, site):
    found = aws.client("wafv2").get_web_acl_for_resource(ResourceArn=site["Stage"])
    assert found["WebACL"]["VisibilityConfig"]["MetricName"] == "page"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    with IdentityProvider(places.IDENTITY_PROVIDER, ORIGIN, tmp_path_factory.mktemp("provider") / "log") as running:
        yield running


class Refuses(urllib.request.HTTPRedirectHandler):
    """Follows the provider's own redirects, and none away from it."""

    def redirect_request(self, request, file, code, message, headers, url):
        return super().redirect_request(request, file, code, message, headers, url) if url.startswith("http://127.0.0.1:") else None


def post(url, **form):
    return urllib.request.Request(url, data=urllib.parse.urlencode(form).encode())


def discovered(provider):
    with urllib.request.urlopen(f"{provider.issuer}/.well-known/openid-configuration", timeout=10) as answer:
        return json.loads(answer.read())


def authorize(provider, verifier="v" * 43, sub="counsel-adams", **changes):
    """What the application is sent back with; `changes` replaces parameters of the request."""
    browser = urllib.request.build_opener(Refuses, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"client_id": CLIENT_ID, "response_type": "code", "scope": "openid email profile", "state": "s", "nonce": "n"}
    asked |= {"redirect_uri": f"{ORIGIN}/signed-in", "code_challenge": challenge, "code_challenge_method": "S256"}
    asked = {key: value for key, value in (asked | changes).items() if value is not None}
    try:
        page = browser.open(f"{discovered(provider)['authorization_endpoint']}?{urllib.parse.urlencode(asked)}", timeout=10)
        assert re.search(r"https?://", page.read().decode()) is None, "the page needs nothing from anywhere else"
        browser.open(post(page.url, sub=sub), timeout=10)
    except urllib.error.HTTPError as error:
        target = urllib.parse.urlsplit(error.headers["location"] or "")
        return dict(urllib.parse.parse_qsl(target.query)) | {"status": error.code}
    raise AssertionError("nobody was sent anywhere")


def exchange(provider, code, verifier):
    form = {"grant_type": "authorization_code", "client_id": CLIENT_ID, "redirect_uri": f"{ORIGIN}/signed-in"}
    try:
        with urllib.request.urlopen(post(discovered(provider)["token_endpoint"], code=code, code_verifier=verifier, **form), timeout=10) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def test_a_code_becomes_an_id_token_with_groups(provider):
    back = authorize(provider)
    assert (back["state"], back["iss"]) == ("s", provider.issuer)
    payload = exchange(provider, back["code"], "v" * 43)["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    expected = next(user for user in users() if user["sub"] == "counsel-adams")
    assert {key: claims[key] for key in ("sub", "name", "groups")} == expected
    assert (claims["iss"], claims["aud"], claims["nonce"], claims["email"]) == (provider.issuer, CLIENT_ID, "n", "counsel-adams@example.com")


def test_a_code_is_worth_nothing_without_its_verifier_or_twice(provider):
    assert exchange(provider, authorize(provider)["code"], "w" * 43)["error"] == "invalid_grant"
    code = authorize(provider)["code"]
    assert "id_token" in exchange(provider, code, "v" * 43)
    assert exchange(provider, code, "v" * 43)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, {"error": "invalid_request", "status": 303}),
        ({"redirect_uri": "https://elsewhere.example/"}, {"status": 400}),
    ],
)
def test_the_provider_refuses_what_a_careful_one_refuses(provider, changes, says):
    back = authorize(provider, **changes)
    assert {key: back.get(key) for key in says} == says
    assert "code" not in back


def test_the_sample_users_have_every_role():
    roles = ("responder", "commander", "counsel", "privacy", "auditor", "support")
    assert {group for user in users() for group in user["groups"]} == {f"tocsin-{role}" for role in roles}
    assert [user["sub"] for user in users() if not user["groups"]] == ["visitor-jones"]


def test_without_its_packages_the_provider_says_what_to_run(tmp_path):
    with pytest.raises(ProviderFailed, match="make identity-provider"):
        IdentityProvider(tmp_path, ORIGIN, tmp_path / "log").start()
