"""The gateway itself: where it listens, that it ends with its parent, that a broken join is named."""

import asyncio
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from local_aws import GatewayFailed, LocalAws, recording

PACKAGE_ROOT = pathlib.Path(__file__).resolve().parent.parent
HERE = pathlib.Path(__file__).parent

PARENT = """
import sys, time
from local_aws import LocalAws
from local_aws.deploy import archive
import pathlib
aws = LocalAws(sys.argv[1])
aws.start()
function = {"FunctionName": "f", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": "arn:aws:iam::111122223333:role/f"}
aws.client("lambda").create_function(Code={"ZipFile": archive(pathlib.Path(sys.argv[2]))}, **function)
aws.client("lambda").invoke(FunctionName="f", Payload=b'{"echo": 1}')
print(aws.state["pid"], flush=True)
time.sleep(600)
"""


def group_members(group: int) -> list[int]:
    """The processes of a process group, from /proc; a dead one that nobody has collected does not count."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(int(entry.parent.name))
    return found


def listening_addresses(process: int) -> set[str]:
    """The addresses that a process listens on."""
    sockets = set()
    for link in pathlib.Path(f"/proc/{process}/fd").iterdir():
        try:
            sockets.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                raw = bytes.fromhex(fields[1].split(":")[0])
                addresses.add(socket.inet_ntoa(raw[::-1]) if len(raw) == 4 else raw.hex())
    return addresses


def until_gone(group: int, seconds: float = 5) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := group_members(group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_listens_on_the_loopback_address_only(aws, stack):
    aws.client("lambda").invoke(FunctionName="echo", Payload=b'{"echo": 1}')
    assert listening_addresses(aws.state["pid"]) == {"127.0.0.1"}


def test_nothing_is_left_when_the_parent_is_killed(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    command = [sys.executable, "-c", PARENT, str(tmp_path / "run"), str(HERE / "function")]
    parent = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    gateway = int(parent.stdout.readline())
    assert len(group_members(gateway)) >= 3, "the gateway, its script worker and a function"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until_gone(gateway) == []


def test_nothing_is_left_when_the_gateway_is_killed(tmp_path):
    aws = LocalAws(tmp_path / "run")
    aws.start()
    group = aws.state["pid"]
    os.kill(group, signal.SIGKILL)
    aws.stop()
    aws.stop()
    assert until_gone(group) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("del stepfunctions._execute_task", "`ministack.services.stepfunctions._execute_task` is gone"),
        (
            "stepfunctions._start_execution = lambda data, region: None",
            "`ministack.services.stepfunctions._start_execution` takes (data, region), expected (data)",
        ),
        (
            "from moto.ec2.models import iam_instance_profile; iam_instance_profile.filter_iam_instance_profiles = lambda name: None",
            "`moto.ec2.models.iam_instance_profile.filter_iam_instance_profiles` takes (name), expected (account_id, partition, ",
        ),
        ("app.SERVICE_HANDLERS.pop('ssm')", "`ministack.app.SERVICE_HANDLERS` has no entry `ssm`"),
    ],
)
def test_broken_plug_point_is_named_at_start(tmp_path, monkeypatch, change, named):
    """An emulator that changed: the change is made in the gateway's process before the joins are made."""
    (tmp_path / "changed_gateway.py").write_text(
        "from local_aws import gateway\n"
        "original = gateway.set_environment\n"
        "def set_environment(endpoint, run_dir):\n"
        "    original(endpoint, run_dir)\n"
        "    from ministack import app\n"
        "    from ministack.services import stepfunctions\n"
        f"    {change}\n"
        "gateway.set_environment = set_environment\n"
        "gateway.main()\n"
    )
    monkeypatch.setattr("local_aws.supervisor.GATEWAY_MODULE", "changed_gateway")
    monkeypatch.setattr("local_aws.supervisor.PACKAGE_ROOT", f"{PACKAGE_ROOT}:{tmp_path}")
    with pytest.raises(GatewayFailed) as failed, LocalAws(tmp_path / "run"):
        pass
    assert named in str(failed.value)


def test_call_is_in_the_log_before_its_answer(tmp_path, monkeypatch):
    log = tmp_path / "calls.jsonl"
    logged_at_each_message = []
    credential = b"AWS4-HMAC-SHA256 Credential=111122223333/20261123/eu-central-1/sns/aws4_request, SignedHeaders=host, Signature=0"
    request = {"type": "http", "method": "POST", "path": "/", "query_string": b""}
    request["headers"] = [(b"authorization", credential), (b"content-type", b"application/x-www-form-urlencoded")]

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all of it", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        return {"type": "http.request", "body": b"Action=ListTopics"}

    async def send(message):
        logged_at_each_message.append([json.loads(line)["operation"] for line in log.read_text().splitlines()])

    monkeypatch.setattr(recording, "_file", None)
    recording.open_log(log)
    asyncio.run(recording.Recorder(application)(request, receive, send))
    assert logged_at_each_message == [["ListTopics"]] * 3


def test_folder_of_somebody_else_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(GatewayFailed, match="give a folder of its own"):
        LocalAws(tmp_path).start()
    assert (tmp_path / "thesis.txt").exists()


def test_folder_is_not_shared_by_two(aws):
    with pytest.raises(GatewayFailed, match="a local AWS is running in"):
        LocalAws(aws.run_dir).start()
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account
