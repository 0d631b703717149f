"""The register of breaches as an auditor exports it: every incident is in it, and what it says is what the vault holds."""

import csv
import io
import json
import re

import pytest
from demo import command, stack


@pytest.fixture(scope="module")
def auditor(aws, tocsin):
    return command.environment(aws, stack.admit_auditor(aws, "auditor-kim"))


@pytest.fixture
def export(tocsin, auditor):
    return lambda form: command.run("register", "--table", tocsin.table, "--format", form, environment=auditor)


def without_guard(cell: str) -> str:
    """A cell without the apostrophes that stand before what would be a formula."""
    return re.sub(r"'(?=\s*[=+@＝＋－＠-])", "", cell)


def test_every_incident_is_in_it_once_and_as_in_the_vault(answered, export):
    opened = {key.removeprefix("INCIDENT#") for key, sort in answered.records.everything() if sort == "INCIDENT"}
    entries = json.loads(export("json"))["register"]
    assert opened <= {entry["incident"] for entry in entries}
    assert len({entry["incident"] for entry in entries}) == len(entries)
    assert [entry["aware_at"] for entry in entries] == sorted(entry["aware_at"] for entry in entries)
    mine = next(entry for entry in entries if entry["incident"] == answered.incident)
    assert mine.pop("state") == "closed"
    # The vault has a version of each time that it was written, the table of each time that it said more.
    kept = json.loads(answered.read("register-entry.json"))
    assert mine.pop("written_at") <= kept.pop("written_at")
    assert mine == kept
    assert mine["closed_at"] == answered.records.incident(answered.incident)["closed_at"]


def test_the_table_says_the_same_and_holds_no_formula(answered, export):
    # Other incidents go on meanwhile: what says the same before and after is what the table shows.
    read = lambda: {entry["incident"]: entry for entry in json.loads(export("json"))["register"]}  # noqa: E731
    before = read()
    lines = list(csv.DictReader(io.StringIO(export("csv"), newline="")))
    unchanged = {incident: entry for incident, entry in read().items() if before.get(incident) == entry}
    assert answered.incident in unchanged.keys() & {line["incident"] for line in lines}
    for line in lines:
        if entry := unchanged.get(line["incident"]):
            assert line["written_at"] == entry["written_at"]
            assert line["state"] == entry["state"]
            for name in ("facts", "effects", "remedial_action"):
                assert without_guard(line[name]) == without_guard("\n".join(entry[name]))
        assert not [cell for cell in line.values() if cell[:1] in "=+-@\t\r" and cell]


def test_an_incident_is_in_it_before_anybody_has_decided(attack, export):
    response = attack()
    response.publish()
    response.until_gate()
    mine = next(entry for entry in json.loads(export("json"))["register"] if entry["incident"] == response.incident)
    assert (mine["state"], mine["closed_at"]) == ("open", None)
