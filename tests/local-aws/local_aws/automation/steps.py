"""What each kind of step does."""

import dataclasses
import datetime
import os
import re
import threading
import time

import botocore.exceptions
from ministack.core.responses import get_region

from local_aws import api_clients
from local_aws.automation import scripts
from local_aws.automation.errors import Cancelled, StepFailed, StepTimedOut
from local_aws.automation.expressions import as_text, select
from local_aws.principals import Credentials

POLL_SECONDS = 0.1
SCRIPT_SECONDS = 600
STEP_SECONDS = 3600
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclasses.dataclass
class Run:
    """What a step may use: the role's credentials, the values known so far, the time it has, and whether it was stopped."""

    credentials: Credentials
    endpoint: str
    known: dict
    deadline: float
    stopped: threading.Event

    def remaining(self) -> float:
        return self.deadline - time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, but not past the step's time nor past a stop."""
        if self.stopped.wait(max(0.0, min(seconds, self.remaining()))):
            raise Cancelled
        if self.remaining() <= 0:
            raise StepTimedOut("the step ran longer than its `timeoutSeconds`")


@dataclasses.dataclass
class Done:
    """A step's answer: the document that its selectors read, and where a branch goes on."""

    answer: object = None
    outputs: dict = dataclasses.field(default_factory=dict)
    next_step: str | None = None
    ends: bool = False


def client(service: str, run: Run):
    """A client with the automation role's credentials."""
    credentials = run.credentials
    keys = (credentials.access_key, credentials.secret_key, credentials.session_token)
    try:
        return api_clients.client(service, get_region(), *keys, attempts=3)
    except botocore.exceptions.UnknownServiceError as error:
        raise StepFailed(f"there is no service `{service}`") from error


def call(inputs: dict, run: Run) -> dict:
    """Make the API call that `inputs` describes; what is neither Service nor Api is a parameter of the call."""
    parameters = {
        key: value for key, value in inputs.items() if key not in ("Service", "Api", "PropertySelector", "DesiredValues")
    }
    service = client(inputs["Service"].lower(), run)
    operations = {name.lower(): name for name in service.meta.service_model.operation_names}
    operation = operations.get(inputs["Api"].lower().replace("_", ""))
    if operation is None:
        raise StepFailed(f"`{inputs['Service']}` has no operation `{inputs['Api']}`")
    try:
        answer = service._make_api_call(operation, parameters)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        raise StepFailed(f"{inputs['Service']}:{operation}: {error}") from error
    answer.pop("ResponseMetadata", None)
    return plain(answer)


def plain(value):
    """An API's answer as JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    if hasattr(value, "read"):
        value = value.read()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def execute_aws_api(inputs: dict, run: Run) -> Done:
    return Done(answer=call(inputs, run))


def property_is_desired(inputs: dict, run: Run) -> tuple[bool, object]:
    value = select(inputs["PropertySelector"], call(inputs, run))
    desired = [as_text(item) for item in inputs["DesiredValues"]]
    return value is not None and as_text(value) in desired, value


def wait_for_property(inputs: dict, run: Run) -> Done:
    while True:
        try:
            reached, _value = property_is_desired(inputs, run)
        except StepFailed:
            # AWS goes on waiting when the resource does not exist yet; its time limit ends a hopeless wait.
            reached = False
        if reached:
            return Done()
        run.pause(POLL_SECONDS)


def assert_property(inputs: dict, run: Run) -> Done:
    reached, value = property_is_desired(inputs, run)
    if not reached:
        raise StepFailed(f"the value of `{inputs['PropertySelector']}` is `{as_text(value)}`, not in {inputs['DesiredValues']}")
    return Done()


def sleep(inputs: dict, run: Run) -> Done:
    if "Timestamp" in inputs:
        until = datetime.datetime.fromisoformat(inputs["Timestamp"].replace("Z", "+00:00"))
        seconds = (until - datetime.datetime.now(datetime.UTC)).total_seconds()
    else:
        seconds = duration_seconds(inputs.get("Duration", ""))
    run.pause(max(0.0, seconds))
    return Done()


def duration_seconds(duration: str) -> float:
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", duration)
    if not found or not any(found.groups()):
        raise StepFailed(f"`{duration}` is no ISO 8601 duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def execute_script(inputs: dict, run: Run) -> Done:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        **run.credentials.as_environment(),
        "AWS_ENDPOINT_URL": run.endpoint,
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
    context = {name: value for name, value in run.known.items() if ":" in name}
    payload = inputs.get("InputPayload") or {}
    answer = scripts.run(inputs["Script"], inputs["Handler"], payload, context, environment, max(0.01, run.remaining()))
    outputs = {"OutputPayload": {"Payload": answer["payload"]}, "ExecutionLog": answer["printed"]}
    return Done(answer={"Payload": answer["payload"]}, outputs=outputs)
