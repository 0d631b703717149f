"""The packets that the core writes for authorities' forms are what their schema says."""

import copy
import json
import pathlib

import jsonschema
import pytest

CORE = pathlib.Path(__file__).resolve().parents[2] / "functions/incident"
SCHEMA = json.loads((CORE / "schemas/packet.schema.json").read_text(encoding="utf-8"))
PACKETS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in CORE.glob("tests/golden/packet*.json")}


@pytest.mark.parametrize("name", PACKETS)
def test_packet_is_as_its_schema_says(name):
    jsonschema.validate(PACKETS[name], SCHEMA)
    fields = [field for section in PACKETS[name]["sections"] for field in section["fields"]]
    assert len({field["id"] for field in fields}) == len(fields) > 20
    assert PACKETS[name]["missing"] == [field["id"] for field in fields if field["required"] and not field["values"]]


def test_schema_refuses_what_it_does_not_know():
    packet = copy.deepcopy(PACKETS["packet.json"])
    packet["sections"][0]["fields"][0]["note"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(packet, SCHEMA)


def test_both_packets_are_there():
    assert sorted(PACKETS) == ["packet.complete.json", "packet.json"]
