"""Objects where ministack differs from S3: parts of a version, the lock of what was uploaded in parts, composite checksums."""

import re
from xml.etree import ElementTree

from ministack.services import s3

from local_aws import plug

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
parse_range = plug.take(s3, "_parse_range", "range_header", "total")
lock = plug.take(s3, "_apply_object_lock_from_headers", "bucket_name", "key", "headers", "version_id")
uploads = plug.take(s3, "_multipart_uploads")
lock_headers = plug.take(s3, "_OBJECT_LOCK_HEADERS")
COMPOSITE = re.compile(r".+=-\d+$")


@plug.replaces(s3, "_get_object", "bucket_name", "key", "headers", "query_params")
def get_object(original, bucket, key, headers, query_params=None):
    """A range is a range also of a version."""
    status, answered, body = original(bucket, key, headers, query_params)
    wanted = headers.get("range", "")
    if status != 200 or not wanted:
        return status, name_composite(answered), body
    found = parse_range(wanted, len(body))
    if found is None:
        return original(bucket, key, headers, {})
    first, last = found
    # A part says nothing of the checksum of the whole.
    part = {name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum-")}
    part |= {"Content-Length": str(last - first + 1), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
    return 206, part, body[first : last + 1]


@plug.replaces(s3, "_head_object", "bucket_name", "key", "headers", "query_params")
def head_object(original, bucket, key, headers=None, query_params=None):
    status, answered, body = original(bucket, key, headers, query_params)
    return status, name_composite(answered), body


def name_composite(headers: dict) -> dict:
    """The checksum of a version that was uploaded in parts is one of its parts' checksums, and says so."""
    if any(COMPOSITE.match(value) for name, value in headers.items() if name.lower().startswith("x-amz-checksum-")):
        return {**headers, "x-amz-checksum-type": "COMPOSITE"}
    return headers


@plug.replaces(s3, "_create_multipart_upload", "bucket_name", "key", "headers")
def create_upload(original, bucket, key, headers):
    """What the upload is asked to be locked with is kept until it is whole."""
    status, answered, body = original(bucket, key, headers)
    if status == 200:
        upload = ElementTree.fromstring(body).findtext(f"{NAMESPACE}UploadId")
        uploads[upload]["_lock"] = {name: headers[name] for name in lock_headers if name in headers}
    return status, answered, body


@plug.replaces(s3, "_complete_multipart_upload", "bucket_name", "key", "body", "query_params", "headers")
def complete_upload(original, bucket, key, body, query_params, headers=None):
    """The object is locked as a whole one would be: by what was asked for, or the bucket's default."""
    upload = uploads.get((query_params.get("uploadId") or [""])[0])
    status, answered, made = original(bucket, key, body, query_params, headers)
    if status == 200 and upload is not None:
        lock(bucket, key, upload.get("_lock", {}), answered.get("x-amz-version-id"))
    return status, answered, made
