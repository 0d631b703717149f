"""What Tocsin only records: by rules that are signed, and never by a document that is not."""

import itertools
import json

import pytest
from demo import scope
from demo import signed as signing
from demo.records import Records

_numbers = itertools.count(1)
SCANNER = "203.0.113.5"


@pytest.fixture(autouse=True)
def signed(aws, tocsin):
    """Each test begins and ends with the scope that was deployed."""
    scope.put(aws, tocsin.settings, tocsin.settings_key, scope.document())
    yield
    scope.put(aws, tocsin.settings, tocsin.settings_key, scope.document())


def probe(address: str = SCANNER, **more) -> dict:
    """Somebody knocks at a machine of its own. No action fits it, so an incident only pages."""
    number = next(_numbers)
    action = {"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": [{"remoteIpDetails": {"ipAddressV4": address}}]}}
    return {
        "schemaVersion": "2.0",
        "accountId": "111122223333",
        "region": "eu-central-1",
        "id": f"5c{number:030x}",
        "type": "Recon:EC2/PortProbeUnprotectedPort",
        "severity": 2,
        "title": "An unprotected port is probed",
        "createdAt": "2026-11-01T00:00:00.000Z",
        "updatedAt": "2026-11-01T00:00:00.000Z",
        "resource": {"resourceType": "Instance", "instanceDetails": {"instanceId": f"i-5c{number:015x}"}},
        "service": {"serviceName": "guardduty", "archived": False, "action": action},
        **more,
    }


def taken(aws, tocsin, finding: dict) -> dict:
    """The record of a finding, once intake has it."""
    aws.put_guardduty_finding(finding)
    return aws.wait_until(lambda: Records(aws, tocsin.table).finding(finding["id"]), seconds=30, what="a record")


def distrusted(aws) -> int:
    lines = [json.loads(line) for line in aws.function_log("tocsin-receive-finding").splitlines() if line.startswith("{")]
    return sum(line["ScopeDistrusted"] for line in lines if "_aws" in line and "ScopeDistrusted" in line)


def test_known_scanner_is_recorded_with_the_rule(aws, tocsin):
    before = distrusted(aws)
    record = taken(aws, tocsin, probe())
    assert (record["incident"], record["suppressed"]["rule"]) == (None, scope.SCAN["id"])
    assert record["suppressed"]["reason"] == scope.SCAN["reason"]
    other = taken(aws, tocsin, probe("203.0.113.77"))
    assert other["suppressed"] is None, "an address beside the scanner's is nobody's"
    assert other["incident"]
    assert distrusted(aws) == before


def test_sample_is_recorded_and_never_acted_on(aws, tocsin):
    service = {"serviceName": "guardduty", "archived": False, "additionalInfo": {"sample": True}}
    record = taken(aws, tocsin, probe("198.51.100.9", service=service))
    assert (record["incident"], record["suppressed"]["rule"]) == (None, "sample")


def test_exercise_is_known_by_its_marker_until_its_end(aws, tocsin):
    exercise = {"id": "tabletop", "reason": "exercise", "markers": ["exercise-4d1c"]}
    counting = {**exercise, "until": scope.document()["valid_until"]}
    scope.put(aws, tocsin.settings, tocsin.settings_key, scope.document([counting]))
    marked = taken(aws, tocsin, probe("198.51.100.9", title="A port is probed (exercise-4d1c)"))
    assert marked["suppressed"]["rule"] == "tabletop"
    over = {**exercise, "until": scope.document()["issued_at"]}
    scope.put(aws, tocsin.settings, tocsin.settings_key, scope.document([over]))
    assert taken(aws, tocsin, probe("198.51.100.9", title="A port is probed (exercise-4d1c)"))["incident"]


def forged(aws, tocsin) -> None:
    """Somebody who can write to the vault, but has no key, adds a rule."""
    blind = {"id": "blind", "reason": "-", "types": ["Recon:*"]}
    signing.write(aws, tocsin.settings, scope.PATH, json.dumps(scope.document([blind])).encode())


def signed_by_another(aws, tocsin) -> None:
    scope.put(aws, tocsin.settings, signing.make_key(), scope.document())


def expired(aws, tocsin) -> None:
    scope.put(aws, tocsin.settings, tocsin.settings_key, {**scope.document(), "valid_until": scope.document()["issued_at"]})


def broken(aws, tocsin) -> None:
    scope.put(aws, tocsin.settings, tocsin.settings_key, {**scope.document(), "rule": []})


@pytest.mark.parametrize("spoil", [forged, signed_by_another, expired, broken])
def test_document_that_cannot_be_trusted_suppresses_nothing_and_raises_an_alarm(aws, tocsin, spoil):
    before = distrusted(aws)
    spoil(aws, tocsin)
    record = taken(aws, tocsin, probe())
    assert record["suppressed"] is None
    assert record["incident"]
    aws.wait_until(lambda: distrusted(aws) > before, what="the count, which the log shows after the answer")
