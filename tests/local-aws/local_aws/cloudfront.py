"""What CloudFront does with the public pages: behaviours, its functions, origins, and the headers that it adds. Nothing is cached.

A server of its own beside the gateway, since a distribution has a name of its own; its configuration is that of the deployed template.
"""

import contextlib
import fnmatch
import functools
import http.client
import http.server
import json
import shutil
import subprocess
import threading
import urllib.parse

from botocore.exceptions import ClientError

REGION = "us-east-1"
# As the managed policies and the distribution's own say, none of these reaches an origin.
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "server", "date", "content-length"}
RUN = """
const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const handler = new Function(asked.code + "; return handler;")();
process.stdout.write(JSON.stringify(handler({ version: "1.0", context: { eventType: "viewer-request" }, request: asked.request })));
"""


class Edge:
    """`origin` is known before there is a distribution, so that the stack can be made for it; then `serve` it."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.distribution = None
        self._server.daemon_threads = True
        self.bucket = ""
        self.origin = f"http://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, aws, distribution: str, bucket: str) -> None:
        """From now on, this distribution; `bucket` is where its pages lie."""
        self._server.distribution, self.bucket = Distribution(aws, distribution), bucket


class Distribution:
    def __init__(self, aws, identifier: str):
        self.aws, self.client = aws, aws.client("cloudfront", region=REGION)
        self.arn = self.client.get_distribution(Id=identifier)["Distribution"]["ARN"]
        self.config = self.client.get_distribution_config(Id=identifier)["DistributionConfig"]
        self.origins = {origin["Id"]: origin for origin in self.config["Origins"]["Items"]}

    def behaviour(self, path: str) -> dict:
        """The first whose pattern fits, as CloudFront looks for it: letters as they are, `*` and `?` as anywhere."""
        for found in self.config.get("CacheBehaviors", {}).get("Items", []):
            pattern = found["PathPattern"] if found["PathPattern"].startswith("/") else f"/{found['PathPattern']}"
            if fnmatch.fnmatchcase(path, pattern):
                return found
        return self.config["DefaultCacheBehavior"]

    def answer(self, method: str, target: str, headers, body: bytes, viewer: str) -> tuple[int, list, bytes]:
        path, _, query = target.partition("?")
        chosen = self.behaviour(path)
        if method not in chosen["AllowedMethods"]["Items"]:
            return 403, [("content-type", "text/html")], b"<h1>403 ERROR</h1>"
        path = self.run_functions(chosen, method, path)
        origin = self.origins[chosen["TargetOriginId"]]
        if origin.get("OriginAccessControlId"):
            status, given, content = self.from_bucket(origin, method, path)
        else:
            status, given, content = self.from_api(origin, chosen, method, path, query, headers, body, viewer)
        return status, self.with_policy(chosen, given), content

    def run_functions(self, behaviour: dict, method: str, path: str) -> str:
        for associated in behaviour.get("FunctionAssociations", {}).get("Items", []):
            if associated["EventType"] == "viewer-request":
                name = associated["FunctionARN"].rsplit("/", 1)[-1]
                path = run(self.code(name), method, path)
        return path

    @functools.cache  # noqa: B019 - a distribution lives as long as its server
    def code(self, name: str) -> str:
        return self.client.get_function(Name=name, Stage="LIVE")["FunctionCode"].read().decode()

    def from_bucket(self, origin: dict, method: str, path: str) -> tuple[int, list, bytes]:
        """By the origin access control, which the bucket's policy has to let in; it may not list, so what is missing is forbidden."""
        s3, bucket = self.aws.client("s3", region=REGION), origin["DomainName"].split(".")[0]
        key = urllib.parse.unquote(path.removeprefix("/"))
        if not self.is_let_in(s3, bucket, key):
            return 403, [("content-type", "application/xml")], b"<Error><Code>AccessDenied</Code></Error>"
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise
            return 403, [("content-type", "application/xml")], b"<Error><Code>AccessDenied</Code></Error>"
        names = {"content-type": "ContentType", "cache-control": "CacheControl", "content-language": "ContentLanguage", "etag": "ETag"}
        given = [(name, found[member]) for name, member in names.items() if found.get(member)]
        return 200, given, b"" if method == "HEAD" else found["Body"].read()

    def is_let_in(self, s3, bucket: str, key: str) -> bool:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        wanted = f"arn:aws:s3:::{bucket}/{key}"
        for statement in policy["Statement"]:
            is_ours = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn") == self.arn
            is_service = statement["Effect"] == "Allow" and statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            if is_ours and is_service and any(fnmatch.fnmatchcase(wanted, resource) for resource in resources):
                return True
        return False

    def from_api(self, origin, behaviour, method, path, query, headers, body, viewer) -> tuple[int, list, bytes]:
        """A stage of API Gateway. It hears of the headers that the behaviour's policy names, of whom CloudFront answers, and of CloudFront."""
        api, stage = origin["DomainName"].split(".")[0], origin.get("OriginPath", "")
        policy = self.client.get_origin_request_policy(Id=behaviour["OriginRequestPolicyId"])["OriginRequestPolicy"]
        config = policy["OriginRequestPolicyConfig"]["HeadersConfig"]
        kept = {name.lower() for name in config.get("Headers", {}).get("Items", [])}
        sent = {name: value for name, value in headers.items() if name.lower() in kept | {"cookie", "content-type"}}
        sent |= {header["HeaderName"]: header["HeaderValue"] for header in origin.get("CustomHeaders", {}).get("Items", [])}
        # What the reader says, then the reader's address, then CloudFront's: API Gateway adds that one, ministack does not.
        hops = [headers.get("x-forwarded-for"), viewer, "127.0.0.1"]
        sent["X-Forwarded-For"] = ", ".join(hop for hop in hops if hop)
        sent["Via"] = "2.0 local.cloudfront.net (CloudFront)"
        gateway = urllib.parse.urlsplit(self.aws.endpoint)
        target = f"/_aws/execute-api/{api}{stage}{path}" + (f"?{query}" if query else "")
        connection = http.client.HTTPConnection(gateway.hostname, gateway.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, target, body=body or None, headers=sent)
            answer = connection.getresponse()
            given = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            return answer.status, given, answer.read()

    def with_policy(self, behaviour: dict, given: list) -> list:
        if not behaviour.get("ResponseHeadersPolicyId"):
            return given
        added = dict(self.added(behaviour["ResponseHeadersPolicyId"]))
        return [(name, value) for name, value in given if name.lower() not in {key.lower() for key in added}] + list(added.items())

    @functools.cache  # noqa: B019 - as above
    def added(self, policy: str) -> tuple:
        """Every header of the policy overrides that of the origin."""
        found = self.client.get_response_headers_policy(Id=policy)["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
        security = found.get("SecurityHeadersConfig", {})
        headers = [(item["Header"], item["Value"]) for item in found.get("CustomHeadersConfig", {}).get("Items", [])]
        if "ContentSecurityPolicy" in security:
            headers.append(("Content-Security-Policy", security["ContentSecurityPolicy"]["ContentSecurityPolicy"]))
        if "ContentTypeOptions" in security:
            headers.append(("X-Content-Type-Options", "nosniff"))
        if "FrameOptions" in security:
            headers.append(("X-Frame-Options", security["FrameOptions"]["FrameOption"]))
        if "ReferrerPolicy" in security:
            headers.append(("Referrer-Policy", security["ReferrerPolicy"]["ReferrerPolicy"]))
        if "StrictTransportSecurity" in security:
            age = security["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
            headers.append(("Strict-Transport-Security", f"max-age={age}"))
        return tuple(headers)


@functools.cache
def run(code: str, method: str, path: str) -> str:
    """What a function of CloudFront makes of a path."""
    asked = {"code": code, "request": {"method": method, "uri": path, "querystring": {}, "headers": {}, "cookies": {}}}
    done = subprocess.run([shutil.which("node"), "-e", RUN], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=30)
    return json.loads(done.stdout)["uri"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.server.distribution is None:
            status, headers, content = 503, [], b""
        else:
            status, headers, content = self.server.distribution.answer(self.command, self.path, self.headers, body, self.client_address[0])
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = respond  # noqa: N815 - http.server's names

    def log_message(self, *_arguments) -> None:
        """Who reads is nobody's business."""
