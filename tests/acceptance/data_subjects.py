"""A person who asks about their own data: fills in the public form, reads mails, opens links. No JavaScript, no cookies."""

import html
import itertools
import re
import urllib.error
import urllib.parse
import urllib.request

from boto3.dynamodb.types import TypeSerializer
from console import Answer, StayHere
from demo.records import Records

ORIGIN = "https://notices.shop.example"
REQUESTS, LINKS, LIMITS = "PRIVACY-REQUESTS", "PRIVACY-REQUEST-LINK#", "PRIVACY-REQUEST-LIMIT#"
# What differs from answer to answer without saying anything about it.
OF_THE_WIRE = re.compile(r"date|server|connection|x-amzn?-.*(id|trace).*|x-request-id", re.IGNORECASE)
_numbers = itertools.count(1)


def mailbox(name: str = "ada") -> str:
    """An address that nobody has asked for yet."""
    return f"{name}{next(_numbers)}@people.example"


class PublicPages:
    def __init__(self, aws, table: str, base: str):
        self.aws, self.table, self.base = aws, table, base
        self.records = Records(aws, table)
        self._opener = urllib.request.build_opener(StayHere)

    def send(self, method: str, path: str, form: dict | list | None = None, network: str = "198.51.100.7", **headers) -> Answer:
        """One request as the distribution passes it on: the reader's network address, then its own."""
        says = {"accept-language": "en", "x-forwarded-for": f"{network}, 203.0.113.9"}
        if method == "POST":
            says |= {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        says |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        sent = {name: value for name, value in says.items() if value is not None}
        request = urllib.request.Request(f"{self.base}{path}", data=body, method=method, headers=sent)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(path, answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            return Answer(path, error.code, error.headers, error.read().decode(errors="replace"))

    def get(self, path: str, **more) -> Answer:
        return self.send("GET", path, **more)

    def ask(self, email: str, kind: str = "access", residence: str = "europe", words: str = "", language: str = "en", **more) -> Answer:
        form = {"kind": kind, "residence": residence, "email": email, "words": words}
        return self.send("POST", f"/requests?lang={language}", form, **more)

    def confirm(self, link: str, **more) -> Answer:
        return self.send("POST", link, {}, **more)

    def mails(self, email: str) -> list[dict]:
        return [mail for mail in self.aws.mail() if email in mail["To"]]

    def link(self, email: str) -> str:
        """The link of the last mail to this address, without the origin."""
        (found,) = re.findall(re.escape(ORIGIN) + r"(/requests/confirm/\S+)", self.mails(email)[-1]["BodyText"])
        return found

    def asked(self, email: str | None = None, **more) -> tuple[str, str]:
        """Somebody who has asked: the address, and the link that came."""
        email = email or mailbox()
        assert self.ask(email, **more).status == 200
        return email, self.link(email)

    def on_record(self, email: str) -> list[dict]:
        return [request for request in self.records.under(REQUESTS).values() if request["email"] == email]

    def confirmed(self, **more) -> dict:
        """A request on record."""
        email, link = self.asked(**more)
        assert self.confirm(link).status == 200
        (request,) = self.on_record(email)
        return request

    def items(self, prefix: str) -> dict[str, dict]:
        """The records of every partition that begins so."""
        return {pk + " " + sk: item["record"] for (pk, sk), item in self.records.everything().items() if pk.startswith(prefix)}

    def put(self, name: str, record: dict) -> None:
        """Writes a record under a name of `items`, as if a function had."""
        pk, sk = name.split(" ")
        item = {"pk": pk, "sk": sk, "record": record, "version": 1}
        serialize = TypeSerializer().serialize
        self.aws.client("dynamodb").put_item(TableName=self.table, Item={key: serialize(value) for key, value in item.items()})


def seen(answer: Answer) -> tuple:
    """All that somebody who is not meant to know can compare."""
    headers = sorted((name.lower(), value) for name, value in answer.headers.items() if not OF_THE_WIRE.fullmatch(name))
    return answer.status, headers, answer.text


def lines(page: str) -> dict[str, str]:
    """What a receipt says, by the names on it."""
    return {html.unescape(name): html.unescape(value) for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)}
