"""Settings of a bucket that ministack lacks: the status of its policy, and inventories."""

from xml.etree import ElementTree

from ministack.services import s3

from local_aws import plug

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
is_public = plug.take(s3, "_policy_is_public", "policy_text")
error = plug.take(s3, "_error")
policies = plug.take(s3, "_bucket_policies")
buckets = plug.take(s3, "_buckets")


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
