"""The notices to people are in plain language, measured in every language (`readability.toml` has the formulas and the limits)."""

import html
import pathlib
import re
import tomllib

import pytest

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "functions/incident/tests/golden"
LIMITS = tomllib.loads((HERE / "readability.toml").read_text(encoding="utf-8"))
NOTICES = ["generic-people", "ca-1798-82-consumer"]
# What no reader reads word by word: addresses, numbers, names of offices.
NOT_PROSE = re.compile(r"\S+@\S+|www\.\S+|\b\S*\d\S*\b")
LEGALESE = {
    "en": "Pursuant to the aforementioned statutory provisions, notwithstanding any contractual stipulation to the contrary, the undersigned organisation "
    "hereby communicates that unauthorised acquisition of computerised information may have compromised confidentiality and integrity thereof.",
    "de": "Unbeschadet der vorstehenden Datenschutzgrundverordnungsbestimmungen benachrichtigen wir die Betroffenen hinsichtlich der möglicherweise "
    "erfolgten Beeinträchtigung der Vertraulichkeit personenbezogener Informationen infolge unbefugter Inanspruchnahme informationstechnischer Einrichtungen.",
}


def sentences(page: str) -> list[str]:
    """The sentences of the paragraphs and lists: not the headings, not the letterhead, not the address at the end."""
    body = page.split("<main>", 1)[1]
    blocks = re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", body, re.DOTALL)
    prose = [html.unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks if "<br>" not in block]
    texts = [NOT_PROSE.sub("", text) for text in prose]
    found = [part.strip() for text in texts for part in re.split(r"(?<=[.!?:])\s+", text)]
    return [sentence for sentence in found if len(words(sentence)) > 1]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)


def syllables(word: str, vowels: str) -> int:
    """As many as there are groups of vowels, and at least one."""
    return max(1, len(re.findall(f"[{vowels}]+", word.lower())))


def lix(found: list[str]) -> float:
    every = [word for sentence in found for word in words(sentence)]
    return len(every) / len(found) + 100 * sum(len(word) > 6 for word in every) / len(every)


def flesch(found: list[str], language: str) -> float:
    limits = LIMITS[language]
    formula = limits["flesch"]
    every = [word for sentence in found for word in words(sentence)]
    per_word = sum(syllables(word, limits["vowels"]) for word in every) / len(every)
    return formula["base"] - formula["sentence"] * len(every) / len(found) - formula["word"] * per_word


@pytest.mark.parametrize("language", LIMITS)
@pytest.mark.parametrize("notice", NOTICES)
def test_notices_to_people_read_plainly(notice, language):
    found = sentences((GOLDEN / f"{notice}.{language}.html").read_text(encoding="utf-8"))
    assert len(found) > 10
    limits = LIMITS[language]
    assert lix(found) <= limits["most_lix"], f"LIX {lix(found):.0f}"
    if "flesch" in limits:
        assert flesch(found, language) >= limits["flesch"]["least"], f"Flesch {flesch(found, language):.0f}"


@pytest.mark.parametrize("language", LEGALESE)
def test_legal_language_would_be_found(language):
    found = [LEGALESE[language]]
    assert lix(found) > LIMITS[language]["most_lix"]
    assert flesch(found, language) < LIMITS[language]["flesch"]["least"]


def test_every_language_of_the_notices_has_its_limits():
    assert sorted(LIMITS) == sorted({path.name.split(".")[1] for path in GOLDEN.glob("generic-people.*.html")})
