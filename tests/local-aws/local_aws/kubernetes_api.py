"""A small Kubernetes API behind each EKS cluster: records of pods, nodes, services, config maps and network policies, over HTTPS.

ministack would start a cluster in Docker. Containment needs only what its scripts ask for: that the endpoint and the authority that
DescribeCluster names lead to an API that takes EKS's bearer token and keeps what it is given. Nothing runs, no policy is enforced.
"""

import base64
import copy
import datetime
import http.server
import ipaddress
import json
import pathlib
import re
import ssl
import tempfile
import threading
import uuid
from urllib.parse import parse_qs, urlsplit

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import eks

from local_aws import plug, principals, recording
from local_aws.operations import Operation

# Resource -> (path before it, kind, whether it lies in a namespace).
RESOURCES = {
    "pods": ("/api/v1", "Pod", True),
    "services": ("/api/v1", "Service", True),
    "configmaps": ("/api/v1", "ConfigMap", True),
    "nodes": ("/api/v1", "Node", False),
    "networkpolicies": ("/apis/networking.k8s.io/v1", "NetworkPolicy", True),
}
# The plural of a kind, for the log of calls.
PLURALS = {"NetworkPolicy": "NetworkPolicies"}
VERBS = {"GET": "Get", "POST": "Create", "PATCH": "Patch", "PUT": "Update", "DELETE": "Delete"}
_PATH = re.compile(
    r"^(?P<group>/api/v1|/apis/networking\.k8s\.io/v1)(/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)(/(?P<name>[^/]+))?$"
)
_TOKEN = re.compile(r"^Bearer k8s-aws-v1\.([A-Za-z0-9_-]+)$")
_STS = re.compile(r"^sts\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$")
# The longest that EKS takes a token for.
LONGEST_TOKEN = 900

clusters = plug.take(eks, "_clusters")
_authority = None
_making = threading.Lock()


class Refused(Exception):
    """An answer of the API that is an error."""

    def __init__(self, status: int, reason: str, message: str):
        super().__init__(message)
        self.status, self.reason = status, reason

    def body(self) -> dict:
        return {"kind": "Status", "status": "Failure", "message": str(self), "reason": self.reason, "code": self.status}


class Store:
    """What one cluster holds."""

    def __init__(self):
        self.objects: dict[tuple, dict] = {}
        self.lock = threading.Lock()
        self.version = 0

    def handle(self, method: str, place: dict, query: dict, body) -> tuple[int, dict]:
        resource, namespace, name = place["resource"], place["namespace"], place["name"]
        with self.lock:
            if method == "GET" and name is None:
                return 200, self.listed(resource, namespace, query)
            if method == "POST" and name is None:
                return 201, self.create(resource, namespace, body)
            key = (resource, namespace, name)
            if key not in self.objects:
                raise Refused(404, "NotFound", f'{resource} "{name}" not found')
            if method == "GET":
                return 200, self.objects[key]
            if method == "PATCH":
                return 200, self.patch(key, body)
            if method == "DELETE":
                return 200, self.objects.pop(key)
        raise Refused(405, "MethodNotAllowed", f"{method} is not known here")

    def listed(self, resource: str, namespace: str | None, query: dict) -> dict:
        wanted = query.get("labelSelector", [""])[0]
        field, _, value = query.get("fieldSelector", [""])[0].partition("=")
        if re.search(r"[=!,() ]", wanted) or field not in ("", "spec.nodeName"):
            raise Refused(400, "BadRequest", "this API knows labels that are there, and the node of a pod")
        items = [one for key, one in sorted(self.objects.items(), key=str) if key[0] == resource and namespace in (None, key[1])]
        items = [one for one in items if not wanted or wanted in one["metadata"].get("labels", {})]
        items = [one for one in items if not field or one["spec"].get("nodeName") == value]
        return {"kind": f"{RESOURCES[resource][1]}List", "metadata": {"resourceVersion": str(self.version)}, "items": items}

    def create(self, resource: str, namespace: str | None, body: dict) -> dict:
        key = (resource, namespace, body["metadata"]["name"])
        if key in self.objects:
            raise Refused(409, "AlreadyExists", f'{resource} "{key[2]}" already exists')
        made = copy.deepcopy(body)
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now, **({"namespace": namespace} if namespace else {})}
        return self.put(key, made)

    def patch(self, key: tuple, body: dict) -> dict:
        found = self.objects[key]
        expected = (body.get("metadata") or {}).get("resourceVersion")
        if expected not in (None, found["metadata"]["resourceVersion"]):
            raise Refused(409, "Conflict", f'the {key[0]} "{key[2]}" has been modified; apply your changes to the latest version')
        return self.put(key, merged(found, body))

    def put(self, key: tuple, value: dict) -> dict:
        self.version += 1
        value["metadata"]["resourceVersion"] = str(self.version)
        self.objects[key] = value
        return value


def merged(found, patch):
    """RFC 7386: null takes a member away, a list takes the place of a list."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(found) if isinstance(found, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def authenticated(header: str) -> str:
    """The access key behind a bearer token: a request for GetCallerIdentity, signed in its query together with the cluster's name."""
    token = _TOKEN.match(header)
    if not token:
        raise Refused(401, "Unauthorized", "no bearer token of EKS")
    try:
        url = urlsplit(base64.urlsafe_b64decode(token.group(1) + "=" * (-len(token.group(1)) % 4)).decode())
    except ValueError:
        raise Refused(401, "Unauthorized", "the token is no address") from None
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    signed = query.get("X-Amz-SignedHeaders", "").split(";")
    expires = query.get("X-Amz-Expires", "")
    good = (
        url.scheme == "https"
        and _STS.match(url.netloc)
        and query.get("Action") == "GetCallerIdentity"
        and query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256"
        and query.get("X-Amz-Signature")
        and "host" in signed
        and "x-k8s-aws-id" in signed
        and expires.isdigit()
        and int(expires) <= LONGEST_TOKEN
    )
    if not good:
        raise Refused(401, "Unauthorized", "the token is no signed GetCallerIdentity for this cluster")
    return query["X-Amz-Credential"].split("/")[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        url = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        try:
            access_key = authenticated(self.headers.get("Authorization", ""))
            place = self.place(url.path)
            status, result = self.server.store.handle(self.command, place, parse_qs(url.query), body)
            self.record(access_key, place, status)
        except Refused as error:
            status, result = error.status, error.body()
        data = json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def place(self, path: str) -> dict:
        found = _PATH.match(path)
        known = found and RESOURCES.get(found["resource"])
        if not known or known[0] != found["group"] or (found["name"] and bool(found["namespace"]) != known[2]):
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        if self.command == "PATCH" and self.headers.get("Content-Type") != "application/merge-patch+json":
            raise Refused(415, "UnsupportedMediaType", "this API takes merge patches")
        return found.groupdict()

    def record(self, access_key: str, place: dict, status: int) -> None:
        """A call to a cluster needs no IAM action: the cluster decides."""
        kind = RESOURCES[place["resource"]][1]
        one = place["name"] or self.command == "POST"
        name = f"{VERBS[self.command]}{kind}" if one else f"List{PLURALS.get(kind, kind + 's')}"
        identifiers = {"cluster": self.server.cluster, **{key: place[key] for key in ("namespace", "name") if place[key]}}
        operation = Operation("kubernetes", "kubernetes", name, identifiers)
        recording.record(principals.of_access_key(access_key), operation, [], status, self.server.account, self.server.region)

    def log_message(self, *_arguments) -> None:
        """Calls are in `calls.jsonl`."""


def authority() -> tuple[ssl.SSLContext, str]:
    """An authority of its own for 127.0.0.1, and what a server needs to show its certificate."""
    global _authority
    with _making:
        if _authority is None:
            _authority = make_authority()
        return _authority


def make_authority() -> tuple[ssl.SSLContext, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)
    keys = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])

    def certificate(name: x509.Name, key, is_authority: bool):
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )

    own = certificate(issuer, keys[0], is_authority=True).sign(keys[0], hashes.SHA256())
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    shown = certificate(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kube-apiserver")]), keys[1], is_authority=False)
    shown = shown.add_extension(address, critical=False).sign(keys[0], hashes.SHA256())
    secret = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "server.pem"
        file.write_bytes(secret + shown.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context, base64.b64encode(own.public_bytes(serialization.Encoding.PEM)).decode()


def serve(cluster: str) -> tuple[str, str]:
    """The endpoint of a new API, and the certificate of its authority as EKS gives it."""
    context, certificate = authority()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.store, server.cluster, server.account, server.region = Store(), cluster, get_account_id(), get_region()
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True, name=f"kubernetes-{cluster}").start()
    return f"https://127.0.0.1:{server.server_address[1]}", certificate


@plug.replaces(eks, "_create_cluster", "body", "creator_arn")
def create_cluster(original, body, creator_arn=None):
    """A cluster is ready at once, and its endpoint is the API here."""
    answer = original(body, creator_arn)
    cluster = clusters.get(body.get("name", ""))
    if answer[0] != 200 or cluster is None:
        return answer
    endpoint, certificate = serve(cluster["name"])
    cluster |= {"status": "ACTIVE", "endpoint": endpoint, "certificateAuthority": {"data": certificate}}
    return json_response({"cluster": {key: value for key, value in cluster.items() if not key.startswith("_")}})
