"""Objects that are too large for the memory of the gateway: their content is made while it is read, and forgotten once it was checked."""

import functools
import hashlib
import random

from ministack.services import s3

from local_aws import control, plug, s3_objects

put = plug.take(s3, "_put_object", "bucket_name", "key", "body", "headers")
buckets = plug.take(s3, "_buckets")
MEBIBYTE = 1 << 20
_dropped: list[tuple[str, str]] = []


@functools.cache
def block() -> bytes:
    return random.Random(5).randbytes(MEBIBYTE)


class Pattern:
    """A mebibyte that repeats, each time behind its number: no two are the same, and any range is made in no time."""

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, wanted: slice) -> bytes:
        first, last, _step = wanted.indices(self.size)
        numbers = range(first // MEBIBYTE, -(-last // MEBIBYTE))
        made = b"".join(number.to_bytes(8, "big") + block()[8:] for number in numbers)
        start = first - numbers.start * MEBIBYTE
        return made[start : start + last - first]

    def sha256(self) -> str:
        found = hashlib.sha256()
        for first in range(0, self.size, 16 * MEBIBYTE):
            found.update(self[first : first + 16 * MEBIBYTE])
        return found.hexdigest()


@control.route("POST", "/large-object")
def put_large_object(request: dict) -> dict:
    """Answers the SHA-256 of the content. `checksum` is what S3 is to say that it is, in base64, `etag` what it is to give as the ETag."""
    status, _headers, body = put(request["bucket"], request["key"], b"", {})
    if status != 200:
        raise ValueError(body.decode())
    found = buckets[request["bucket"]]["objects"][request["key"]]
    checksums = {"SHA256": request["checksum"]} if "checksum" in request else {}
    content = Pattern(request["bytes"])
    # So large an object was put in parts: then its ETag is no digest of it.
    etag = request.get("etag") or f"{hashlib.md5(block()).hexdigest()}-{-(-len(content) // (16 * MEBIBYTE))}"
    found.update(body=content, size=len(content), checksums=checksums, etag=f'"{etag}"')
    return {"sha256": content.sha256()}


@control.route("POST", "/drop-parts")
def drop_parts(request: dict) -> None:
    _dropped.append((request["bucket"], request["prefix"]))


def is_dropped(bucket: str, key: str) -> bool:
    return any(bucket == dropped and key.startswith(prefix) for dropped, prefix in _dropped)


@plug.replaces(s3, "_upload_part", "bucket_name", "key", "body", "query_params", "headers")
def upload_part(original, bucket, key, body, query_params, headers):
    """The part's checksum is compared with its bytes before they go."""
    answer = original(bucket, key, body, query_params, headers)
    if answer[0] == 200 and is_dropped(bucket, key):
        number = int(query_params["partNumber"][0])
        s3_objects.uploads[query_params["uploadId"][0]]["parts"][number]["body"] = b""
    return answer


@plug.replaces(s3, "_complete_multipart_upload", "bucket_name", "key", "body", "query_params", "headers")
def complete_upload(original, bucket, key, body, query_params, headers=None):
    if not is_dropped(bucket, key):
        return original(bucket, key, body, query_params, headers)
    upload = s3_objects.uploads.get(query_params["uploadId"][0], {"parts": {}})
    size = sum(part["size"] for part in upload["parts"].values())
    headers = dict(headers or {})
    if int(headers.pop("x-amz-mp-object-size", size)) != size:
        raise ValueError("the parts have another size than the object is said to have")
    answer = original(bucket, key, body, query_params, headers)
    if answer[0] == 200 and upload["parts"]:
        buckets[bucket]["objects"][key]["size"] = size
    return answer
