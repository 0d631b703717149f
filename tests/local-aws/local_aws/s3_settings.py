"""Settings that ministack lacks: the status of a bucket's policy, inventories, and the public access of a whole account."""

from xml.etree import ElementTree

from ministack import app
from ministack.core.responses import AccountScopedDict
from ministack.services import s3

from local_aws import plug

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
is_public = plug.take(s3, "_policy_is_public", "policy_text")
error = plug.take(s3, "_error")
policies = plug.take(s3, "_bucket_policies")
buckets = plug.take(s3, "_buckets")
_blocks = AccountScopedDict()


@plug.replaces(s3, "_dispatch", "method", "bucket", "key", "headers", "body", "query_params")
def dispatch(original, method, bucket, key, headers, body, query_params):
    if bucket in buckets and not key:
        if method == "GET" and "policyStatus" in query_params:
            return policy_status(bucket)
        if "inventory" in query_params:
            return inventory(method, bucket, body, query_params["inventory" if method == "GET" else "id"])
    return original(method, bucket, key, headers, body, query_params)


def answer(name: str, content: str) -> tuple[int, dict, bytes]:
    return 200, {"Content-Type": "application/xml"}, f'<{name} xmlns="{NAMESPACE}">{content}</{name}>'.encode()


def policy_status(bucket: str) -> tuple[int, dict, bytes]:
    if bucket not in policies:
        return error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    return answer("PolicyStatus", f"<IsPublic>{str(is_public(policies[bucket])).lower()}</IsPublic>")


def inventory(method: str, bucket: str, body: bytes, name) -> tuple[int, dict, bytes]:
    """Configurations are kept as they were sent; no inventory is ever made of them."""
    kept = buckets[bucket].setdefault("_inventories", {})
    if method == "PUT":
        kept[str(name)] = "".join(ElementTree.tostring(part, encoding="unicode") for part in ElementTree.fromstring(body))
        return 200, {}, b""
    made = "".join(f"<InventoryConfiguration>{one}</InventoryConfiguration>" for one in kept.values())
    return answer("ListInventoryConfigurationsResult", f"{made}<IsTruncated>false</IsTruncated>")


@plug.replaces(app, "_handle_s3_control_request", "path", "method", "body", "query_params", "request_id", "headers")
async def control(original, path, method, body, query_params, request_id, headers=None):
    if path != "/v20180820/configuration/publicAccessBlock":
        return await original(path, method, body, query_params, request_id, headers)
    if method == "PUT":
        parts = ElementTree.fromstring(body)
        _blocks["block"] = "".join(f"<{part.tag.split('}')[-1]}>{part.text}</{part.tag.split('}')[-1]}>" for part in parts)
        return 200, {}, b""
    if method == "DELETE":
        _blocks.pop("block", None)
        return 204, {}, b""
    if "block" not in _blocks:
        return error("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404, path)
    return answer("PublicAccessBlockConfiguration", _blocks["block"])
