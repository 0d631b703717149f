"""What the scripts of the actions on EKS share: calls to the API of a cluster.

`infra/render.py` puts into each step what that step uses. The target of such an action begins with the name of its cluster:
`cluster/…`.
"""

import base64
import boto3
import botocore.auth as aws_auth
import botocore.awsrequest as aws_requests
import json
import ssl
import time
import urllib.request

# What marks a pod or a node that is contained. Its value is the incident.
QUARANTINE = "tocsin.quarantine"


def open_cluster(run):
    """What it takes to call the API of the target's cluster."""
    eks = boto3.client("eks")
    cluster = eks.describe_cluster(name=run["target"].split("/")[0])["cluster"]
    if not cluster["resourcesVpcConfig"]["endpointPublicAccess"]:
        raise ValueError(
            f"the API of the cluster {cluster['name']} has a private endpoint alone, and Systems Manager runs this document"
            " outside its VPC: contain it by hand"
        )
    authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    return {
        "name": cluster["name"],
        "endpoint": cluster["endpoint"],
        "context": ssl.create_default_context(cadata=authority),
        "token": bearer_token(cluster["name"]),
    }


def bearer_token(name):
    """EKS knows its callers by a request for GetCallerIdentity with the cluster's name, which they signed and did not send."""
    session = boto3.session.Session()
    region = session.region_name
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    url = f"https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = aws_requests.AWSRequest(method="GET", url=url, headers={"x-k8s-aws-id": name})
    # As long as the longest step on a cluster, and then some. EKS takes 900 seconds at most.
    aws_auth.SigV4QueryAuth(session.get_credentials(), "sts", region, expires=300).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def kubernetes(cluster, method, path, body=None):
    """(status, answer) of a call to the API of the cluster. What is not there, and a conflict, is for the caller to judge."""
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    request = urllib.request.Request(
        cluster["endpoint"] + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Authorization": f"Bearer {cluster['token']}", "Content-Type": content, "Accept": "application/json"},
    )
    for attempt in range(5):
        try:
            with urllib.request.urlopen(request, timeout=10, context=cluster["context"]) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code in (404, 409):
                return error.code, None
            if error.code not in (429, 500, 503, 504) or attempt == 4:
                raise RuntimeError(f"{method} {path}: the cluster answered {error.code}: {text[:500]}")
        except urllib.error.URLError as error:
            raise RuntimeError(f"the API of the cluster can't be reached from outside its VPC: {error.reason}")
        # A busy API says so, and a repeat does no harm: nothing here counts up.
        time.sleep(2**attempt)


def read_object(cluster, path):
    """The object, or None where there is none."""
    return kubernetes(cluster, "GET", path)[1]


def read_list(cluster, path):
    return read_object(cluster, path)["items"]


def change_object(cluster, path, change):
    """Patches an object by `change(object)`, where None is no change, and again where somebody else was faster.

    Answers whether the object is there.
    """
    for _ in range(5):
        found = read_object(cluster, path)
        if found is None:
            return False
        patch = change(found)
        if patch is None:
            return True
        version = {"resourceVersion": found["metadata"]["resourceVersion"]}
        status, _ = kubernetes(cluster, "PATCH", path, {**patch, "metadata": {**patch.get("metadata", {}), **version}})
        if status != 409:
            return status != 404
    raise RuntimeError(f"{path} was changed by others over and over")
