"""S3 where ministack differs from AWS: ranges of a version, the lock of what is uploaded in parts, objects that are in memory nowhere."""

import base64
import hashlib

import pytest

MEBIBYTE = 1 << 20


@pytest.fixture
def bucket(aws, unique):
    s3 = aws.client("s3")
    place = {"LocationConstraint": aws.region}
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(Bucket=unique, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    return unique


def upload(aws, bucket, key, *parts: bytes, **more) -> dict:
    s3 = aws.client("s3")
    name = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256", **more)["UploadId"]
    sent = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=name, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256")
        sent.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]})
    return s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=name, MultipartUpload={"Parts": sent})


def test_range_of_an_older_version(aws, bucket):
    s3 = aws.client("s3")
    older = s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"other")
    answer = s3.get_object(Bucket=bucket, Key="a", VersionId=older, Range="bytes=2-4")
    assert (answer["ContentRange"], answer["Body"].read()) == ("bytes 2-4/10", b"234")


def test_object_of_parts_is_held_and_locked(aws, bucket):
    made = upload(aws, bucket, "parts", b"x" * 5 * MEBIBYTE, b"y", ObjectLockLegalHoldStatus="ON")
    head = aws.client("s3").head_object(Bucket=bucket, Key="parts", VersionId=made["VersionId"], ChecksumMode="ENABLED")
    assert (head["ObjectLockLegalHoldStatus"], head["ObjectLockMode"]) == ("ON", "GOVERNANCE")
    assert head["ChecksumType"] == "COMPOSITE"


def test_object_that_is_in_memory_nowhere(aws, unique):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": aws.region})
    size = 3 * MEBIBYTE + 5
    digest = aws.control("POST", "/large-object", {"bucket": unique, "key": "large", "bytes": size})["sha256"]
    edges = [0, 7, MEBIBYTE - 1, MEBIBYTE + 9, 3 * MEBIBYTE + 1, size]
    pieces = [s3.get_object(Bucket=unique, Key="large", Range=f"bytes={first}-{last - 1}")["Body"].read() for first, last in zip(edges, edges[1:], strict=False)]
    whole = b"".join(pieces)
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (size, digest)
    assert whole[:MEBIBYTE] != whole[MEBIBYTE : 2 * MEBIBYTE]


def test_parts_that_are_dropped_are_checked_first(aws, bucket):
    aws.control("POST", "/drop-parts", {"bucket": bucket, "prefix": "dropped/"})
    upload(aws, bucket, "dropped/a", b"x" * 5 * MEBIBYTE, b"y")
    assert aws.client("s3").head_object(Bucket=bucket, Key="dropped/a")["ContentLength"] == 5 * MEBIBYTE + 1
    s3 = aws.client("s3")
    name = s3.create_multipart_upload(Bucket=bucket, Key="dropped/b", ChecksumAlgorithm="SHA256")["UploadId"]
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    with pytest.raises(s3.exceptions.ClientError, match="BadDigest"):
        s3.upload_part(Bucket=bucket, Key="dropped/b", UploadId=name, PartNumber=1, Body=b"z", ChecksumSHA256=other)
