"""The evidence of a response as somebody holds it who does not trust us: checked by our verifier, by coreutils and by OpenSSL.

What is read is read from the vault. The account is the local AWS: it does not enforce permissions; KMS signs there with a real key.
"""

import base64
import hashlib
import json
import subprocess
import urllib.request

import jsonschema
import pytest
from demo import command, custody, stack
from reviewers import Reviewer

PAPERS = ("manifest.json", "custody.jsonl", "seal.json", "seal.json.sig")


@pytest.fixture(scope="module")
def reader(aws, tocsin):
    """Somebody who may reach evidence."""
    return Reviewer(aws, tocsin.release_url, "reader-ito", stack.admit_reader(aws, "reader-ito"))


@pytest.fixture(scope="module")
def ask(reader, answered):
    """The answer of the function behind the URL to a signed request."""

    def send(what: str, **members) -> tuple[int, dict]:
        body = {"incident": answered.incident, **members}
        return reader.send(json.dumps(body).encode(), below=what)

    return send


@pytest.fixture(scope="module")
def evidence(reader, answered):
    """Runs `tocsin evidence` as that person; the JSON that it prints."""

    def run(what: str, *arguments: str, reason: str = "for the court", codes: tuple = (0,)) -> dict:
        place = [answered.incident, "--url", reader.url, "--reason", reason, "--json"]
        said = command.run("evidence", what, *place, *arguments, environment=command.environment(answered.aws, reader.key), codes=codes)
        return json.loads(said) if said.strip() else {}

    return run


@pytest.fixture
def copy(answered, tmp_path):
    """The case in a folder, and the key."""
    for path in answered.vault():
        (tmp_path / "case" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "case" / path).write_bytes(answered.read(path))
    return tmp_path / "case", custody.public_key(answered.aws, answered.stack)


def entries(answered) -> list[dict]:
    """The custody log as the table has it: what was entered after the last seal, too."""
    return answered.of("CUSTODY")


def entry_hash(entry: dict) -> str:
    """As `custody.schema.json` describes it."""
    fields = ("sequence", "incident", "at", "custodian", "role", "deed", "path", "sha256", "reason", "previous")
    parts = ["" if entry[field] is None else str(entry[field]) for field in fields]
    return hashlib.sha256(b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)).hexdigest()


def test_sealed_case_is_as_its_schemas_say(copy):
    folder, _ = copy
    documents = {
        "manifest": [json.loads((folder / "manifest.json").read_text())],
        "custody": [json.loads(line) for line in (folder / "custody.jsonl").read_text().splitlines()],
        "seal": [json.loads((folder / "seal.json").read_text())],
    }
    for name, found in documents.items():
        schema = json.loads(command.run("verify", "--schema", name))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        assert found
        for document in found:
            validator.validate(document)
            # A schema that lets anything pass describes nothing.
            assert not validator.is_valid({**document, "planted": 1})
            for field in document:
                assert not validator.is_valid({key: value for key, value in document.items() if key != field}), field


def test_coreutils_and_openssl_agree_with_the_verifier(copy):
    folder, key = copy
    said = json.loads(command.run("verify", str(folder), "--key", key, "--json"))
    assert said["ok"] and said["verified"]["signature"] == "checked"
    manifest = json.loads((folder / "manifest.json").read_text())
    seal = json.loads((folder / "seal.json").read_text())

    lists = []
    for item in manifest["items"]:
        sums = "".join(f"{file['sha256']}  {file['name']}\n" for file in item["files"])
        assert hashlib.sha256(sums.encode()).hexdigest() == item["sums"]
        lists += [f"{file['sha256']}  {item['path']}/{file['name']}\n" for file in item["files"]]
    assert len(lists) == said["verified"]["files"] > 0
    checked = subprocess.run(["sha256sum", "-c", "--strict"], cwd=folder, input="".join(lists), text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count(": OK") == len(lists)
    assert hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() == seal["manifest_sha256"]

    openssl = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", "seal.json.sig", "seal.json"]
    assert subprocess.run(openssl, cwd=folder, capture_output=True).returncode == 0
    (folder / "seal.json").write_bytes((folder / "seal.json").read_bytes() + b"\n")
    assert subprocess.run(openssl, cwd=folder, capture_output=True).returncode != 0
    assert not json.loads(command.run("verify", str(folder), "--key", key, "--json", codes=(1,)))["ok"]


def test_chain_is_hashed_as_it_is_described(copy):
    folder, _ = copy
    previous = "0" * 64
    log = [json.loads(line) for line in (folder / "custody.jsonl").read_text().splitlines()]
    for number, entry in enumerate(log, start=1):
        assert (entry["sequence"], entry["previous"], entry["hash"]) == (number, previous, entry_hash(entry))
        previous = entry["hash"]
    seal = json.loads((folder / "seal.json").read_text())
    assert (seal["custody_entries"], seal["custody_head"]) == (len(log), previous)


def test_without_the_key_nothing_is_called_proved(copy):
    folder, key = copy
    assert "NOT CHECKED" in command.run("verify", str(folder), codes=(3,))
    assert "NOT CHECKED" not in command.run("verify", str(folder), "--key", key)


def test_everything_that_does_not_hold_is_named(copy):
    folder, key = copy
    files = sorted(path for path in folder.glob("evidence/**/*") if path.is_file())
    files[0].write_bytes(files[0].read_bytes() + b" ")
    files[1].unlink()
    (folder / "evidence" / "planted.json").write_text("{}")
    said = json.loads(command.run("verify", str(folder), "--key", key, "--json", codes=(1,)))
    assert not said["ok"]
    named = {(broken["kind"], broken["path"]) for broken in said["all"]}
    relative = [str(path.relative_to(folder)) for path in files]
    assert named == {("altered", relative[0]), ("missing", relative[1]), ("added", "evidence/planted.json")}
    assert relative[0] in said["broken"]


def test_sealing_again_makes_no_new_version(answered):
    answered.invoke("seal-custody", {"incident": answered.incident})  # what was entered since
    before = answered.vault()
    _, first = answered.invoke("seal-custody", {"incident": answered.incident})
    _, again = answered.invoke("seal-custody", {"incident": answered.incident})
    assert again == first
    assert {path: answered.vault()[path] for path in PAPERS} == {path: before[path] for path in PAPERS}


def test_list_shows_locks_and_is_entered(answered, reader, evidence):
    entered = len(entries(answered))
    listed = evidence("list", reason="audit")
    assert {file["path"] for file in listed["files"]} >= {*PAPERS}
    assert all(file["locked_until"] and file["mode"] == "GOVERNANCE" and not file["held"] for file in listed["files"])
    (entry,) = entries(answered)[entered:]
    assert (entry["deed"], entry["custodian"], entry["reason"]) == ("listed", reader.arn, "audit")


def test_fetched_case_holds_and_each_file_is_entered(answered, evidence, reader, tmp_path):
    entered = len(entries(answered))
    fetched = evidence("fetch", "--to", str(tmp_path))["files"]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert len(fetched) == sum(len(item["files"]) for item in manifest["items"]) + len(PAPERS)
    key = custody.public_key(answered.aws, answered.stack)
    assert json.loads(command.run("verify", str(tmp_path), "--key", key, "--json"))["ok"]
    deeds = [(entry["deed"], entry["path"], entry["sha256"]) for entry in entries(answered)[entered:]]
    assert deeds[0][0] == "listed"
    assert deeds[1:] == [("fetched", file["path"], file["sha256"]) for file in fetched]


def test_a_file_that_is_not_as_recorded_is_not_kept(answered, evidence, tmp_path):
    """Its record says another digest: as if the vault gave something else than was put there."""
    file = answered.of("FILE")[0]
    path = f"{file['folder']}/{file['name']}"
    table, key = answered.aws.client("dynamodb"), {"pk": {"S": f"INCIDENT#{answered.incident}"}, "sk": {"S": f"FILE#{path}"}}
    change = {"TableName": answered.stack.table, "Key": key, "UpdateExpression": "SET #r.sha256 = :s", "ExpressionAttributeNames": {"#r": "record"}}
    table.update_item(**change, ExpressionAttributeValues={":s": {"S": "0" * 64}})
    try:
        evidence("fetch", path, "--to", str(tmp_path), codes=(1,))
    finally:
        table.update_item(**change, ExpressionAttributeValues={":s": {"S": file["sha256"]}})
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == []


def test_link_leads_to_one_version_and_ends(answered, ask):
    status, given = ask("fetch", path="manifest.json", reason="for the court")
    assert status == 200
    with urllib.request.urlopen(given["url"], timeout=30) as answer:
        content = answer.read()
    assert hashlib.sha256(content).hexdigest() == given["sha256"]
    assert "X-Amz-Expires=900" in given["url"] and "versionId=" in given["url"]


def test_nothing_is_given_without_a_reason_or_of_what_is_unknown(answered, ask):
    entered = len(entries(answered))
    for what, members, code in [
        ("list", {"reason": ""}, "nothing-said"),
        ("list", {}, "nothing-said"),
        ("fetch", {"path": "evidence/none/none", "reason": "court"}, "no-such-file"),
        ("fetch", {"path": "manifest.json", "reason": " "}, "nothing-said"),
        ("list", {"incident": "inc-" + "9" * 20, "reason": "court"}, "no-such-incident"),
    ]:
        status, answer = ask(what, **members)
        assert 400 <= status < 500 and answer["code"] == code, (what, members, answer)
    assert len(entries(answered)) == entered


def test_hold_reaches_every_version_and_ends(answered, evidence):
    s3 = answered.evidence_s3()
    held = evidence("hold", reason="lawsuit")
    assert (held["state"], held["absent"]) == ("held", [])
    listed = evidence("list")["files"]
    assert all(file["held"] for file in listed) and len(listed) == held["done"]
    file = next(file for file in listed if file["path"].startswith("evidence/"))
    with pytest.raises(s3.exceptions.ClientError):
        s3.delete_object(
            Bucket=answered.stack.vault,
            Key=f"incidents/{answered.incident}/{file['path']}",
            VersionId=file["version_id"],
            BypassGovernanceRetention=True,
        )
    assert evidence("end-hold", reason="settled")["state"] == "hold-ended"
    assert not any(file["held"] for file in evidence("list")["files"])
    assert {"held", "hold-ended"} <= {entry["deed"] for entry in entries(answered)}


def test_erasure_that_meets_the_lock_is_recorded(answered, evidence):
    said = evidence("erasure", "--request", "DSR-7", "--legal-basis", "GDPR Art. 17(3)(e)", reason="claims are open")
    assert not said["erased"] and said["locked_until"]
    last = entries(answered)[-1]
    assert last["deed"] == "erasure-refused"
    assert last["reason"] == "request DSR-7, kept by GDPR Art. 17(3)(e): claims are open"


def test_accesses_are_sealed_the_next_time(answered, evidence):
    """Until then the verifier names them as not sealed, which is no proof."""
    evidence("list", reason="before the next seal")
    answered.invoke("seal-custody", {"incident": answered.incident})
    log = [json.loads(line) for line in answered.read("custody.jsonl").splitlines()]
    assert log[-1]["deed"] == "listed"
    assert custody.verify(answered.aws, answered.stack, answered.incident).startswith("holds:")


def test_signature_is_one_of_kms(answered):
    """By the service itself, over the digest of what lies in the vault."""
    kms = answered.aws.client("kms", credentials=stack.custodian(answered.aws))
    digest = hashlib.sha256(answered.read("seal.json")).digest()
    signature = answered.read("seal.json.sig")
    assert base64.b64encode(signature).startswith(b"M"), "DER, not base64 of it"
    verified = kms.verify(
        KeyId=answered.stack.seal_key, Message=digest, MessageType="DIGEST", Signature=signature, SigningAlgorithm="ECDSA_SHA_256"
    )
    assert verified["SignatureValid"]
