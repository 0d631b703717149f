"""`LocalAws`: starts the gateway, gives clients for it, and leaves nothing running."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore.config

from local_aws import settings
from local_aws.elsewhere import Elsewhere

START_SECONDS = 60
PACKAGE_ROOT = pathlib.Path(__file__).resolve().parent.parent
GATEWAY_MODULE = "local_aws.gateway"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE", "RUST_BACKTRACE")


class GatewayFailed(RuntimeError):
    """The gateway did not start, or ended; the message says why."""


class LocalAws:
    """A local AWS whose files are in `run_dir`: state.json, calls.jsonl, logs/<function>.log, gateway.log.

    `queue_retry_seconds` is how long a message that a function failed stays invisible (AWS: its visibility timeout).
    """

    def __init__(self, run_dir, port: int = 0, queue_retry_seconds: float = 0.2):
        self.run_dir = pathlib.Path(run_dir).resolve()
        self.port = port
        self.queue_retry_seconds = queue_retry_seconds
        self.state: dict = {}
        self._process = None
        self._watch = None
        self._lock = None
        self._session = boto3.Session()
        self._clients: dict = {}
        self._calls: list[dict] = []
        self._calls_read = 0
        self._calls_lock = threading.Lock()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        return self.state["endpoint"]

    @property
    def account(self) -> str:
        return settings.ACCOUNT

    @property
    def region(self) -> str:
        return settings.REGION

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._empty_run_dir()
        self._calls, self._calls_read = [], 0
        watched, self._watch = os.pipe()
        command = [sys.executable, "-m", GATEWAY_MODULE, "--run-dir", str(self.run_dir), "--watch-fd", str(watched)]
        command += ["--port", str(self.port), "--queue-retry-seconds", str(self.queue_retry_seconds)]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = str(PACKAGE_ROOT)
        try:
            with open(self.run_dir / settings.GATEWAY_LOG, "wb") as log:
                self._process = subprocess.Popen(
                    command,
                    env=environment,
                    cwd=self.run_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # The lock is held for as long as the gateway lives, even when this process is killed first.
                    pass_fds=(watched, self._lock.fileno()),
                    start_new_session=True,
                )
        finally:
            os.close(watched)
            self._lock.close()
        try:
            self.state = self._wait_for_state()
        except BaseException:
            self.stop()
            raise

    def _empty_run_dir(self) -> None:
        """What an earlier run left goes; a folder that holds anything else was given by mistake and stays."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        found = [entry for entry in self.run_dir.iterdir() if entry.name != settings.LOCK_FILE]
        if found and not (self.run_dir / settings.GATEWAY_LOG).exists():
            raise GatewayFailed(f"{self.run_dir} is not empty and no local AWS has run there; give a folder of its own")
        self._lock = open(self.run_dir / settings.LOCK_FILE, "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GatewayFailed(f"a local AWS is running in {self.run_dir}; stop it, or give another folder") from None
        for entry in found:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _wait_for_state(self) -> dict:
        deadline = time.monotonic() + START_SECONDS
        state = self.run_dir / settings.STATE_FILE
        while time.monotonic() < deadline:
            if state.exists():
                return json.loads(state.read_text())
            if self._process.poll() is not None:
                raise GatewayFailed(self._reason(f"the gateway ended with code {self._process.returncode}"))
            time.sleep(0.02)
        raise GatewayFailed(self._reason(f"the gateway was not ready after {START_SECONDS} s"))

    def _reason(self, summary: str) -> str:
        failure = self.run_dir / settings.FAILURE_FILE
        if failure.exists():
            return failure.read_text().strip()
        tail = (self.run_dir / settings.GATEWAY_LOG).read_text(errors="replace")[-2000:]
        return f"{summary}; the end of {settings.GATEWAY_LOG}:\n{tail}"

    def stop(self) -> None:
        """End the gateway and everything it started. Safe to call twice."""
        if self._watch is not None:
            os.close(self._watch)
            self._watch = None
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        # Also when the gateway itself was killed: its functions are still in its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        self._clients.clear()

    def client(self, service: str, *, account: str | None = None, region: str | None = None, credentials: dict | None = None):
        """A boto3 client. `credentials` is {access_key, secret_key, session_token?}; without it, the root key of `account`."""
        key = json.dumps([service, account, region, credentials])
        if key not in self._clients:
            chosen = credentials or {"access_key": account or settings.ACCOUNT, "secret_key": settings.ROOT_SECRET}
            self._clients[key] = self._session.client(
                service,
                endpoint_url=self.endpoint,
                region_name=region or settings.REGION,
                aws_access_key_id=chosen["access_key"],
                aws_secret_access_key=chosen["secret_key"],
                aws_session_token=chosen.get("session_token"),
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                    inject_host_prefix=False,
                    max_pool_connections=32,
                ),
            )
        return self._clients[key]

    def at(self, account: str = "", region: str = "") -> Elsewhere:
        """The same, in another account or region."""
        return Elsewhere(self, account, region)

    def deploy(self, stack: str, template, parameters: dict | None = None, *, account: str = "", region: str = "") -> dict[str, str]:
        """Create or update a stack from a SAM template; answers its outputs, or raises naming what failed."""
        from local_aws.deploy import deploy

        return deploy(self, stack, template, parameters, account or self.account, region or self.region)

    def control(self, method: str, path: str, request: dict | None = None) -> dict:
        """A request to the gateway itself; see README.md for the paths."""
        call = urllib.request.Request(
            f"{self.endpoint}{settings.CONTROL}{path}",
            data=json.dumps(request or {}).encode(),
            method=method,
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(call, timeout=60) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise GatewayFailed(f"{method} {path}: {json.loads(error.read())['message']}") from error

    def calls(self, kind: str | None = None, name: str | None = None) -> list[dict]:
        """The calls recorded so far, of one kind of principal and one principal where given."""
        with self._calls_lock, (self.run_dir / settings.CALLS_FILE).open("rb") as file:
            # Only what is new is read: there are many thousands.
            file.seek(self._calls_read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._calls_read += len(line)
                self._calls.append(json.loads(line))
        return [
            entry
            for entry in self._calls
            if kind in (None, entry["principal"]["kind"]) and name in (None, entry["principal"]["name"])
        ]

    def wait_until(self, condition, seconds: float = 10, every: float = 0.1, what: str = "the condition"):
        """The first true answer of `condition()`; raises when it does not come in time."""
        deadline = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            answer = condition()
            if answer:
                return answer
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{what} did not come within {seconds} s")
            # What is long in looking would else take the time of what it waits for.
            time.sleep(max(every, 2 * (time.monotonic() - began)))

    def put_guardduty_finding(self, finding: dict, **scope) -> dict:
        """GuardDuty holds this finding and publishes it: a bare finding in either spelling, or an EventBridge envelope."""
        return self.control("POST", "/guardduty-finding", {"finding": finding, **scope})

    def put_securityhub_finding(self, finding: dict, **scope) -> list[dict]:
        """Security Hub holds this finding and publishes it: one in ASFF, or an EventBridge envelope."""
        return self.control("POST", "/securityhub-finding", {"finding": finding, **scope})

    def publish_service_event(self, envelope: dict, **scope) -> None:
        """An event of an AWS service that is not emulated: {source, detail-type, detail, resources?}."""
        wanted = ("source", "detail-type", "detail", "resources")
        self.control("POST", "/service-event", {key: envelope[key] for key in wanted if key in envelope} | scope)

    def put_cloudtrail_event(self, event: dict, **scope) -> None:
        """A CloudTrail record that LookupEvents will show."""
        self.control("POST", "/cloudtrail-event", {"event": event, **scope})

    def put_configuration_item(self, item: dict, **scope) -> None:
        """An item in the history of AWS Config; its capture time is a moment in ISO 8601."""
        self.control("POST", "/configuration-item", {"item": item, **scope})

    def put_macie_finding(self, finding: dict, **scope) -> None:
        """Macie holds this finding. It publishes nothing: `publish_service_event` does."""
        self.control("POST", "/macie-finding", {"finding": finding, **scope})

    def put_access_analyzer_finding(self, finding: dict, **scope) -> None:
        """Access Analyzer holds this finding, and has an analyzer from then on."""
        self.control("POST", "/access-analyzer-finding", {"finding": finding, **scope})

    def put_sending_quota(self, per_second: float, per_day: float, **scope) -> None:
        """What SES says that the account may send; -1 a day is no limit. It is not enforced."""
        self.control("POST", "/sending-quota", {"per_second": per_second, "per_day": per_day, **scope})

    def next_instance_id(self, identifier: str) -> None:
        """The next EC2 instance gets this id, so that the instance of a real finding can exist here."""
        self.control("POST", "/next-instance-id", {"id": identifier})

    def fail_step(self, document: str, step: str, when: str = "before", mode: str = "fail", times: int = 1) -> None:
        """The next run of this document's step fails (`fail`) or its automation ends there (`kill`), `before` or `after` it."""
        fault = {"document": document, "step": step, "when": when, "mode": mode, "times": times}
        self.control("POST", "/ssm-fault", fault)

    def fail_call(self, service: str, operation: str, code: str, status: int = 400, times: int = 1, skip: int = 0, **only: str) -> None:
        """The next call answers with this error; `service` is the name in the signature (`states`, `ses`, `s3` …).

        The first `skip` such calls are carried out. `only` may be `principal`, a name, `in_region`, the region that the call is signed for, and `bucket`, the bucket of a call to S3.
        """
        fault = {"service": service, "operation": operation, "code": code, "status": status, "times": times, "skip": skip}
        self.control("POST", "/api-fault", fault | only)

    def disturb(self, calls: list[str], **order) -> None:
        """Faults on the wire for functions, automations and state machines; see `faults_on_the_wire.Order`.

        By chance: `disturb(["ssm", "s3:PutObject"], seed=7, throttled=0.1, dropped_after=0.05, delay=0.2)`. One by one:
        `disturb(["dynamodb"], schedule=["dropped-before", "duplicated"])`. Each change once: `disturb(["*"], first="dropped-after")`.
        """
        self.control("POST", "/wire-faults", {"calls": calls, **order})

    def disturbances(self) -> dict[str, int]:
        """How many requests met which fault, and how many met `nothing`."""
        return self.control("GET", "/wire-faults")

    @contextlib.contextmanager
    def bus_cut(self):
        """Meanwhile services keep their findings, and nothing that they publish arrives."""
        self.control("POST", "/bus", {"cut": True})
        try:
            yield
        finally:
            self.control("POST", "/bus", {"cut": False})

    def clear_faults(self) -> None:
        self.control("DELETE", "/ssm-fault")
        self.control("DELETE", "/api-fault")
        self.control("DELETE", "/wire-faults")

    def mail(self) -> list[dict]:
        """Every mail sent through SES: {Source, To, CC, BCC, Subject, BodyText, BodyHtml, MessageId, Timestamp, account}."""
        with urllib.request.urlopen(f"{self.endpoint}/_ministack/ses/messages", timeout=10) as response:
            by_account = json.loads(response.read())["messages"]
        return [{**mail, "account": account} for account, mails in by_account.items() for mail in mails]

    def function_log(self, name: str) -> str:
        """What a function has printed: its log lines and its EMF metrics."""
        path = self.run_dir / settings.FUNCTION_LOGS / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def function_processes(self, name: str) -> list[int]:
        """The processes that a function runs in now."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME={name}".encode()
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            # Others end while they are looked at, and those of other people cannot be.
            with contextlib.suppress(OSError):
                environment = pathlib.Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
                if wanted in environment and os.getpgid(int(process)) == self._process.pid:
                    found.append(int(process))
        return found

    def user(self, name: str) -> dict:
        """The credentials of a new IAM user, for `client(credentials=…)` and for signing requests to function URLs."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    def assume_role(self, arn: str, session: str = "test") -> dict:
        """The credentials of a role session."""
        found = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "session_token": found["SessionToken"],
        }
