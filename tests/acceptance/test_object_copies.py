"""Copies of object versions, by the real function and the real state machine: what was ordered is in the vault, once, as it was."""

import hashlib
import json
import random
import threading

import pytest
from demo import mail
from object_copies import FUNCTION, Bucket, Copies, kill_function

MEBIBYTE = 1 << 20
# Two parts, of which one is not full.
TWO_PARTS = random.Random(1).randbytes(20 * MEBIBYTE)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def copies(aws, tocsin, operator):
    return Copies(aws, tocsin)


@pytest.fixture(scope="module")
def bucket(aws):
    made = Bucket(aws)
    made.encrypt()
    return made


@pytest.fixture(scope="module")
def unversioned(aws):
    return Bucket(aws, versioned=False)


@pytest.fixture
def hurried(aws, tocsin):
    """A function whose time is up at once: it does one thing a call."""
    functions = aws.client("lambda")
    usual = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": {**usual, "COPY_SECONDS": "0"}})
    yield
    functions.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": usual})


@pytest.fixture(scope="module")
def copied(aws, tocsin, operator, bucket, unversioned):
    """An order of all kinds of objects, copied by the state machine."""
    copies = Copies(aws, tocsin)
    key = "orders/Müller + Söhne/2026 11.csv"
    contents = [b"first", b"second", b"", b"never versioned", TWO_PARTS, b"the newest"]
    lines = [
        bucket.put(key, contents[0]),
        bucket.put(key, contents[1]),
        bucket.put("empty", contents[2]),
        unversioned.put("plain", contents[3]),
        bucket.put("large", contents[4], ChecksumAlgorithm="CRC32"),
        bucket.put("pinned", contents[5]) and bucket.line("pinned"),
    ]
    copies.path, copies.lines, copies.contents, copies.key = copies.order(*lines), lines, contents, key
    copies.end = copies.run()
    return copies


def test_every_version_is_copied_as_it_is(copied):
    assert copied.end["status"] == "SUCCEEDED"
    files = copied.files(copied.path)
    found = {name: copied.read(f"incidents/{copied.incident}/{file['folder']}/{name}") for name, file in files.items()}
    assert [found[f"{line:04}"] for line in range(1, 7)] == copied.contents
    assert {name: file["sha256"] for name, file in files.items()} == {name: sha256(content) for name, content in found.items()}
    assert {file["bytes"] for file in files.values()} == {len(content) for content in found.values()}


def test_every_copy_is_one_version_under_legal_hold_and_lock(copied):
    for path, versions in copied.copies().items():
        (version,) = versions
        head = copied.s3.head_object(Bucket=copied.stack.vault, Key=path, VersionId=version["VersionId"])
        assert head["ObjectLockLegalHoldStatus"] == "ON"
        assert head["ObjectLockMode"] == "GOVERNANCE"
    versions = {file["version_id"] for name, file in copied.files(copied.path).items() if name != "about.json"}
    assert versions == {found[0]["VersionId"] for found in copied.copies().values()}


def test_about_says_which_file_is_which_version(copied):
    about, _ = copied.about(copied.path)
    assert [one["ordered"] for one in about["objects"]] == copied.lines
    assert [one["file"] for one in about["objects"]] == [f"{line:04}" for line in range(1, 7)]
    found = [one["found"] for one in about["objects"]]
    assert [one["bytes"] for one in found] == [len(content) for content in copied.contents]
    assert found[0]["version_id"] == copied.lines[0]["version_id"] != found[1]["version_id"]
    assert found[3]["version_id"] is None
    assert found[4]["checksum"]["algorithm"] == "CRC32"
    assert all(one["checksum_compared"] for one in about["objects"][4:5])
    assert found[5]["version_id"], "a version that was not named is pinned"
    assert all(one["etag"] and one["last_modified"] and one["storage_class"] == "STANDARD" for one in found)


def test_custody_is_taken_once_of_all_files(copied):
    (entry,) = [entry for entry in copied.of("CUSTODY") if "deed" in entry]
    files = copied.files(copied.path)
    listed = "".join(f"{files[name]['sha256']}  {name}\n" for name in sorted(files))
    assert (entry["deed"], entry["sha256"]) == ("preserved", sha256(listed.encode()))
    assert entry["role"].endswith(":role/tocsin-copy-objects")
    item = copied.item(copied.path)
    assert item["progress"]["sums"] == entry["sha256"]
    assert (item["item"]["source"], item["gaps"]) == ("objects", [])


def test_a_key_is_in_no_path_record_or_log(copied):
    rows = copied.records.under(f"INCIDENT#{copied.incident}")
    log = copied.aws.function_log(FUNCTION)
    for text in (json.dumps([*rows.items()], ensure_ascii=False), log, "".join(copied.vault())):
        assert "Müller" not in text
        assert "2026 11.csv" not in text


def test_an_order_that_is_done_is_not_begun_again(copied):
    before = copied.vault()
    assert copied.call(copied.path) == {"order": copied.item(copied.path)["item"]["subject"], "state": "copied", "copied": 6, "gaps": 0, "altered": 0}
    assert copied.vault() == before
    assert len([entry for entry in copied.of("CUSTODY") if "deed" in entry]) == 1


def test_no_orders_are_soon_copied(copies):
    assert copies.run()["status"] == "SUCCEEDED"


def test_an_object_goes_on_where_the_time_was_up(copies, bucket, hurried):
    path = copies.order(bucket.put("slow", TWO_PARTS), bucket.put("next", b"small"))
    assert copies.call(path)["state"] == "in-progress"
    assert copies.parts() == 1
    (upload,) = copies.uploads()
    copies.until_copied(path)
    assert copies.uploads() == []
    calls = [call for call in copies.aws.calls("function", FUNCTION) if copies.incident in call["parameters"].get("Key", "")]
    sent = [call["operation"] for call in calls if call["operation"] in ("CreateMultipartUpload", "UploadPart")]
    assert sent == ["CreateMultipartUpload", "UploadPart", "UploadPart"], "nothing is begun or sent twice"
    assert copies.digests() == {sha256(TWO_PARTS), sha256(b"small")}
    assert upload["UploadId"]


def test_a_function_that_is_killed_in_a_large_object_goes_on(aws, copies, unversioned):
    """200 MB, of which the first 128 MiB are recorded when the process ends."""
    digest = unversioned.put_large("dump", 200_000_000)
    path = copies.order(unversioned.line("dump"))
    run = threading.Thread(target=copies.call, args=(path,))
    run.start()
    aws.wait_until(lambda: copies.parts() >= 8, seconds=30, every=0.01, what="the first parts")
    assert kill_function(aws) > 0
    run.join()
    assert copies.copies() == {}
    recorded = copies.parts()
    earlier = len(aws.calls())
    copies.until_copied(path)
    again = [call for call in aws.calls()[earlier:] if call["operation"] == "UploadPart"]
    assert len(again) == 12 - recorded
    (versions,) = copies.copies().values()
    assert len(versions) == 1
    assert copies.files(path)["0001"]["sha256"] == digest
    assert copies.digests() == {digest}


def test_two_runs_at_once_make_one_copy(copies, bucket):
    path = copies.order(bucket.put("both", TWO_PARTS), *(bucket.put(f"small-{number}", b"x%d" % number) for number in range(5)))
    runs = [threading.Thread(target=copies.call, args=(path,)) for _ in range(3)]
    [run.start() for run in runs]
    [run.join() for run in runs]
    copies.until_copied(path)
    assert all(len(versions) == 1 for versions in copies.vault().values())
    assert len(copies.copies()) == 6
    assert len([entry for entry in copies.of("CUSTODY") if "deed" in entry]) == 1
    assert copies.parts_left() == 0


@pytest.mark.parametrize("fault", ["throttled", "dropped-before", "dropped-after", "duplicated"])
def test_a_bad_wire_makes_no_second_copy(aws, copies, bucket, fault):
    """Whatever the function changes, its first request meets the fault; of what it reads, every fifth."""
    path = copies.order(bucket.put(f"wire-{fault}", TWO_PARTS), bucket.put(f"small-{fault}", b"small"))
    aws.disturb(["s3:GetObject", "s3:HeadObject"], seed=3, **{fault.replace("-", "_"): 0.2})
    aws.disturb(["s3", "dynamodb", "sts"], first=fault)
    copies.until_copied(path)
    assert aws.disturbances()[fault] >= 4
    aws.clear_faults()
    assert all(len(versions) == 1 for versions in copies.vault().values())
    assert copies.digests() == {sha256(TWO_PARTS), sha256(b"small")}
    assert len([entry for entry in copies.of("CUSTODY") if "deed" in entry]) == 1
    assert copies.item(path)["gaps"] == []


def test_throttling_ends_in_no_gap(aws, copies, bucket):
    """More often than the SDK repeats by itself: then the state machine does."""
    copies.order(bucket.put("throttled", TWO_PARTS))
    aws.fail_call("s3", "GetObject", "SlowDown", 503, times=5, principal=FUNCTION)
    assert copies.run()["status"] == "SUCCEEDED"
    assert copies.digests() == {sha256(TWO_PARTS)}
    assert all(item["gaps"] == [] for item in copies.of("EVIDENCE"))


def gap_of(copies: Copies, path: str) -> str:
    """The reason of the one gap, which the item, the custody log and `about.json` have alike."""
    (gap,) = copies.item(path)["gaps"]
    about, where = copies.about(path)
    (entry,) = [entry for entry in copies.of("CUSTODY") if entry.get("deed") == "gap-recorded"]
    (line,) = [one for one in about["objects"] if "gap" in one["outcome"]]
    assert gap["reason"] == entry["reason"] == line["outcome"]["gap"]
    assert gap["part"] == line["file"]
    assert f"incidents/{copies.incident}/{entry['path']}" == where.replace("about.json", line["file"])
    return gap["reason"]


def test_what_was_deleted_before_is_a_gap_and_the_rest_is_copied(copies, bucket):
    gone = bucket.put("gone", b"gone")
    bucket.s3.delete_object(Bucket=bucket.name, Key="gone", VersionId=gone["version_id"])
    path = copies.order(gone, bucket.put("there", b"there"))
    assert copies.run()["status"] == "SUCCEEDED"
    assert "NoSuchVersion" in gap_of(copies, path)
    assert copies.digests() == {sha256(b"there")}


def test_what_is_deleted_in_between_leaves_a_gap_and_nothing_half(copies, bucket, hurried):
    line = bucket.put("vanishing", TWO_PARTS)
    path = copies.order(line)
    assert copies.call(path)["state"] == "in-progress"
    assert len(copies.uploads()) == 1
    bucket.s3.delete_object(Bucket=bucket.name, Key="vanishing", VersionId=line["version_id"])
    assert copies.until_copied(path)["gaps"] == 1
    assert "NoSuchVersion" in gap_of(copies, path)
    assert (copies.uploads(), copies.copies()) == ([], {})


def test_what_is_written_over_in_between_is_not_mixed(copies, unversioned, hurried):
    path = copies.order(unversioned.put("changing", TWO_PARTS))
    copies.call(path)
    unversioned.put("changing", TWO_PARTS[::-1])
    copies.until_copied(path)
    assert "PreconditionFailed" in gap_of(copies, path)
    assert (copies.uploads(), copies.copies()) == ([], {})


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
def test_an_object_whose_key_is_denied_is_a_gap(aws, copies, bucket, code):
    """No policy is enforced here, so the answers of S3 are ordered."""
    path = copies.order(bucket.put("encrypted", b"secret"), bucket.put("plain", b"plain"))
    aws.fail_call("s3", "HeadObject", code, 403, bucket=bucket.name)
    aws.fail_call("s3", "GetObject", code, 403, bucket=bucket.name)
    copies.until_copied(path)
    assert code in gap_of(copies, path)
    assert copies.digests() == {sha256(b"plain")}


@pytest.mark.parametrize(("line", "reason"), [({"key": "archived"}, "InvalidObjectState"), ({"key": "marked"}, "NoSuchKey"), ({"bucket": "no-such-bucket-here"}, "NoSuchBucket")])
def test_what_cannot_be_read_is_a_gap_with_its_reason(copies, bucket, line, reason):
    bucket.put("archived", b"cold", StorageClass="GLACIER")
    bucket.put("marked", b"deleted")
    bucket.s3.delete_object(Bucket=bucket.name, Key="marked")
    path = copies.order({**bucket.line("archived"), **line})
    copies.until_copied(path)
    assert reason in gap_of(copies, path)


def test_what_lies_outside_the_zone_is_not_even_asked_for(aws, copies, bucket):
    path = copies.order({**bucket.put("far", b"far"), "region": "us-west-2"})
    earlier = len(aws.calls("function", FUNCTION))
    copies.until_copied(path)
    assert gap_of(copies, path) == "outside the residency zone"
    assert not [call for call in aws.calls("function", FUNCTION)[earlier:] if call["region"] == "us-west-2"]
    assert copies.copies() == {}


@pytest.mark.parametrize("size", [MEBIBYTE, 20 * MEBIBYTE])
def test_what_is_not_what_s3_keeps_is_not_kept_and_paged(aws, copies, operator, unversioned, size):
    other = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    unversioned.put_large("altered", size, checksum=other)
    path = copies.order(unversioned.line("altered"))
    assert copies.run()["status"] == "FAILED"
    assert "checksum" in gap_of(copies, path)
    assert (copies.uploads(), copies.copies()) == ([], {})
    (page,) = [page for page in mail.pages(aws, operator) if copies.incident in page]
    assert "Incident.Altered" in page
    assert copies.item(path)["item"]["subject"] in page


def test_what_s3_keeps_is_compared_or_said_not_to_be(copies, bucket, unversioned):
    """A composite checksum is of parts of which nothing tells where they ended."""
    upload = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="parts", ChecksumAlgorithm="SHA256")["UploadId"]
    place = {"Bucket": bucket.name, "Key": "parts", "UploadId": upload}
    parts = []
    for number, content in enumerate((TWO_PARTS[: 6 * MEBIBYTE], TWO_PARTS[6 * MEBIBYTE :]), 1):
        put = bucket.s3.upload_part(**place, PartNumber=number, Body=content, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": put["ETag"], "ChecksumSHA256": put["ChecksumSHA256"]})
    bucket.s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    # Those that botocore counts by itself; the core's own tests have the others.
    kinds = ("CRC32", "SHA1", "SHA256")
    lines = [bucket.put(f"by-{kind}", TWO_PARTS, ChecksumAlgorithm=kind) for kind in kinds]
    path = copies.order(*lines, bucket.line("parts"))
    copies.until_copied(path)
    about, _ = copies.about(path)
    found = [(one["found"]["checksum"]["algorithm"], one["found"]["checksum"]["of"], one["checksum_compared"]) for one in about["objects"]]
    assert found == [*((kind, "FULL_OBJECT", True) for kind in kinds), ("SHA256", "COMPOSITE", False)]
    assert copies.digests() == {sha256(TWO_PARTS)}


@pytest.mark.parametrize("size", [MEBIBYTE, 20 * MEBIBYTE])
def test_what_only_an_etag_is_known_of_is_compared_with_it(copies, unversioned, size):
    unversioned.put_large("old", size, etag="0123456789abcdef0123456789abcdef")
    path = copies.order(unversioned.line("old"))
    copies.until_copied(path)
    assert "checksum" in gap_of(copies, path)
    assert (copies.uploads(), copies.copies()) == ([], {})


def test_an_order_that_fails_ends_no_other_and_one_page_names_all(aws, copies, operator, bucket):
    good = copies.order(bucket.put("good", b"good"))
    bad = [copies.write(b"{}\n", name=name * 16) for name in "ab"]
    assert copies.run()["status"] == "FAILED"
    assert copies.item(good)["progress"]["state"] == "done"
    (page,) = [page for page in mail.pages(aws, operator) if copies.incident in page]
    assert all(path.rsplit("/", 1)[-1].removesuffix(".jsonl") in page for path in bad)
    assert "Incident.Rejected" in page
    assert "in 2 of the orders" in page
