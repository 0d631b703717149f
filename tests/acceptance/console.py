"""A person at the console: signs in by the provider's real redirects, keeps cookies, fills in forms. No JavaScript."""

import dataclasses
import email.message
import html.parser
import http.cookiejar
import types
import urllib.error
import urllib.parse
import urllib.request

from local_aws.identity_provider import users

SESSION = "__Host-tocsin"
MOST_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)


def people(role: str | None) -> list[str]:
    """The sample users of a role, by their subject; of none, where it is None."""
    wanted = [f"tocsin-{role}"] if role else []
    return [user["sub"] for user in users() if user["groups"] == wanted]


@dataclasses.dataclass(frozen=True)
class Answer:
    url: str
    status: int
    headers: object
    text: str

    @property
    def location(self) -> str:
        """Where it leads, as a whole URL; empty where it leads nowhere."""
        given = self.headers.get("location")
        return urllib.parse.urljoin(self.url, given) if given else ""

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.url).path

    def fields(self, name: str) -> list[str]:
        """The values of the fields of this name, in all forms of the page."""
        return [value for key, value in self.read_forms().values if key == name]

    @property
    def action(self) -> str:
        """Where the first form of the page leads."""
        return urllib.parse.urljoin(self.url, self.read_forms().actions[0])

    def read_forms(self) -> "Forms":
        forms = Forms()
        forms.feed(self.text)
        return forms


class Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self.actions: list[str] = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.actions.append(given.get("action") or "")
        if tag in ("input", "button") and given.get("name"):
            self.values.append((given["name"], given.get("value") or ""))


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


class Browser:
    """Cookies of its own, and no session until somebody signs in."""

    def __init__(self, origin: str):
        self.origin = origin
        # Browsers take Secure cookies from localhost without TLS, too.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.cookies = http.cookiejar.CookieJar(policy)
        self._opener = urllib.request.build_opener(StayHere, urllib.request.HTTPCookieProcessor(self.cookies))

    def send(self, method: str, target: str, form: dict | None = None, headers: dict | None = None) -> Answer:
        """One request, no redirect followed. A POST says where it comes from, as a browser does; `headers` may say otherwise."""
        url = urllib.parse.urljoin(self.origin, target)
        says = {"accept": "text/html"}
        if method == "POST":
            says |= {"origin": self.origin, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        says |= headers or {}
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        sent = {name: value for name, value in says.items() if value is not None}
        request = urllib.request.Request(url, data=body, method=method, headers=sent)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(url, answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            return Answer(url, error.code, error.headers, error.read().decode(errors="replace"))

    @property
    def session(self) -> str:
        """The cookie of the session; empty without one."""
        return next((cookie.value for cookie in self.cookies if cookie.name == SESSION), "")

    def plant(self, name: str, value: str) -> None:
        """Puts a cookie into the browser that the console did not set."""
        made = email.message.Message()
        made["set-cookie"] = f"{name}={value}; Secure; HttpOnly; SameSite=Lax; Path=/"
        response = types.SimpleNamespace(info=lambda: made)
        self.cookies.extract_cookies(response, urllib.request.Request(self.origin))

    def follow(self, answer: Answer) -> Answer:
        for _ in range(MOST_REDIRECTS):
            if answer.status not in REDIRECTS:
                return answer
            answer = self.send("GET", answer.location)
        raise AssertionError(f"no end of redirects at {answer.url}")

    def get(self, target: str) -> Answer:
        return self.follow(self.send("GET", target))

    def csrf(self, target: str = "/") -> str:
        """The token of the session, from the first form of a page."""
        found = self.get(target).fields("csrf")
        assert found, f"{target} has no form with a token"
        return found[0]

    def post(self, target: str, form: dict | None = None, **headers) -> Answer:
        """Sends a form with the session's token, as a page would."""
        return self.send("POST", target, {"csrf": self.csrf(), **(form or {})}, headers)

    def choose(self, sub: str, target: str = "/sign-in") -> Answer:
        """At the provider, choose who to be; answers its redirect, which is not followed yet."""
        page = self.get(target)
        assert not page.url.startswith(self.origin), f"{target} led to {page.url}, not to the provider"
        return self.send("POST", page.url, {"sub": sub}, {"origin": None})

    def sign_out(self) -> Answer:
        """Sign out, at the provider, too, where the console leads there; answers the page where that ends."""
        page = self.follow(self.post("/sign-out"))
        if page.url.startswith(self.origin):
            return page
        form = {"xsrf": page.fields("xsrf")[0], "logout": "yes"}
        return self.follow(self.send("POST", page.action, form, {"origin": None}))

    def sign_in(self, sub: str, target: str = "/sign-in") -> Answer:
        """Sign in as a sample user; answers the page where that ends."""
        return self.follow(self.choose(sub, target))
