"""What a person who hears or zooms a page needs of the notices and of the report (WCAG 2.2 AA, as far as markup shows it)."""

import html.parser
import re

import pytest
from demo import organisation

PAGES = [*organisation.RECIPIENTS, "report"]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(html.parser.HTMLParser):
    """The elements of a page in order: tag, attributes, the text in it. Refuses a tag that is not closed where it must be."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict, list[str]]] = []
        self._open: list[tuple[str, dict, list[str]]] = []
        self.feed(text)
        self.close()
        assert [tag for tag, _, _ in self._open] == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        element = (tag, dict(attributes), [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes <{self._open[-1][0] if self._open else None}>"
        self._open.pop()

    def handle_data(self, data):
        for _, _, text in self._open:
            text.append(data)

    def all(self, tag: str) -> list[tuple[dict, str]]:
        return [(attributes, " ".join("".join(text).split())) for name, attributes, text in self.elements if name == tag]


@pytest.fixture(scope="module", params=PAGES)
def page(request, answered):
    if request.param == "report":
        text, language = answered.read("report.html").decode(), "en"
    else:
        recipient = organisation.RECIPIENTS[request.param]
        (mail,) = [mail for mail in answered.sent if mail["To"] == [recipient["email"]]]
        text, language = mail["BodyHtml"], recipient["language"]
    read = Page(text)
    read.text, read.expected_language = text, language
    return read


def test_language_and_title_are_given(page):
    (root,) = page.all("html")
    assert root[0]["lang"] == page.expected_language
    (title,) = page.all("title")
    assert title[1]


def test_headings_outline_the_page(page):
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), levels
    assert all(text for level in range(1, 7) for _, text in page.all(f"h{level}"))


def test_there_is_one_main_part(page):
    assert len(page.all("main")) == 1


def test_tables_have_headers_that_say_what_they_head(page):
    for attributes, text in page.all("th"):
        assert attributes.get("scope") in ("col", "row"), text
    tables, captions = page.all("table"), page.all("caption")
    layout = [table for table in tables if table[0].get("role") == "presentation"]
    named = [table for table in tables if "aria-labelledby" in table[0] or "aria-label" in table[0]]
    assert len(captions) + len(layout) + len(named) >= len(tables)


def test_everything_reaches_who_cannot_see_it(page):
    assert all("alt" in attributes for attributes, _ in page.all("img"))
    assert all(text or "aria-label" in attributes for attributes, text in page.all("a"))
    assert all(not attributes.get("tabindex", "0").startswith(("1", "2")) for _, attributes, _ in page.elements)


def test_page_can_be_zoomed_and_needs_no_script(page):
    viewport = [attributes["content"] for attributes, _ in page.all("meta") if attributes.get("name") == "viewport"]
    assert not any("user-scalable=no" in content.replace(" ", "") or "maximum-scale" in content for content in viewport)
    assert page.all("script") == []
    assert not any(name.startswith("on") for _, attributes, _ in page.elements for name in attributes)


def test_identifiers_are_unique(page):
    found = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(found) == len(set(found))
    targets = {attributes["href"][1:] for attributes, _ in page.all("a") if attributes.get("href", "").startswith("#")}
    assert targets <= set(found)


def test_notice_to_people_is_written_in_ten_points_or_more(answered):
    """Cal. Civ. Code 1798.82(d)(1)(C)."""
    (mail,) = [mail for mail in answered.sent if mail["To"] == [organisation.RECIPIENTS["us-ca-ind"]["email"]]]
    points = [float(size) for size in re.findall(r"font-size:\s*([\d.]+)pt", mail["BodyHtml"])]
    points += [float(size) * 0.75 for size in re.findall(r"font-size:\s*([\d.]+)px", mail["BodyHtml"])]
    assert all(size >= 10 for size in points)
