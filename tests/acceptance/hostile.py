"""Text as an attacker writes it, and what a page may consist of however it is filled."""

import html.parser

# Ends what it stands in and begins something of its own: an attribute, a text area, a title, a script, a template; a header; a log line.
MARKUP = "\"'><script>x(1)</script><img src=x onerror=x(2)></textarea></title><a href=javascript:x(3)>{{7777*7777}}${7777*7777}"
# Turns the text around it, splits a name that looks whole, begins another line.
UNSEEN = "\u202etxt.exe\u2066\u200b\r\nset-cookie: a=b\u2028"
FORMULA = "=HYPERLINK(\"http://x.example\";\"a\")"
HOSTILE = f"{MARKUP}{UNSEEN};{FORMULA}"
# A sign of HOSTILE that a page shows as text.
SHOWN = "<script>x(1)</script><img src=x onerror=x(2)>"
INVISIBLE = "\u202e\u2066\u200b\u2028"

# What says where something is or when it was, which a service writes, and what containment and evidence go by.
FIXED = {"schemaVersion", "accountId", "region", "partition", "id", "arn", "type", "severity", "createdAt", "updatedAt", "eventFirstSeen"}
FIXED |= {"eventLastSeen", "launchTime", "ipAddressV4", "serviceName", "detectorId", "actionType", "resourceType", "userName", "principalId"}
FIXED |= {"accessKeyId", "userType", "instanceId", "networkInterfaceId", "subnetId", "vpcId", "groupId", "name", "resourceRole"}
FIXED |= {"AWS::S3::Bucket"}

ELEMENTS = set("html head meta title link body a header nav ul ol li form input span bdi button main footer p div h1 h2 h3 section table".split())
ELEMENTS |= set("caption thead tbody tr th td code time dl dt dd details summary pre svg g path rect text label fieldset legend textarea".split())
ELEMENTS |= set("strong br del ins iframe script article q em small".split())
LEADS = ("href", "src", "action", "formaction", "srcset", "data", "poster", "xlink:href", "ping", "srcdoc", "manifest", "background")


def poisoned(value, name: str = ""):
    """The same finding; in every text that is nobody's identifier, an attacker had a say."""
    if isinstance(value, dict):
        return {key: poisoned(held, key) for key, held in value.items()}
    if isinstance(value, list):
        return [poisoned(held, name) for held in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) and name not in FIXED else value


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: its elements, and its text."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.text, self.values, self.faults, self._open = "", [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self._open = tag
        if tag not in ELEMENTS:
            self.faults.append(f"there is an element <{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("style", "srcdoc", "http-equiv"):
                self.faults.append(f"<{tag}> has an attribute {name}")
            if name in LEADS and not (value or "").startswith(("/", "#", "https://")) or (value or "").startswith("//"):
                self.faults.append(f"<{tag} {name}> leads to {value!r}")
            self.values.append(value or "")
        if tag == "script" and not dict(attributes).get("src", "").startswith("/assets/"):
            self.faults.append("there is a script of another's")

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self._open == "script" and data.strip():
            self.faults.append("a script has words in the page")
        self.text += data

    def handle_comment(self, data):
        self.faults.append(f"there is a comment: {data[:50]}")
