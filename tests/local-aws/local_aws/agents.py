"""The agents of Systems Manager on instances, and the commands that are sent to them.

ministack keeps commands and their invocations; instances are moto's, and have no machine behind them. So a test says which ones have an
agent, and a command's script is run for real on this machine, in a folder of its own: `/dev/` and `/run/` lead there, and what needs a
real disk (`mkfs.ext4`, `blkid`, `mount`, `umount`) does nothing.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ec2, ssm

from local_aws import control, plug

commands = plug.take(ssm, "_commands")
_agents = AccountRegionScopedDict()  # instance -> {"PingStatus", "PlatformType"}
_documents = AccountRegionScopedDict()
# What these end with: `blkid` 2 says that there is nothing on a disk.
STUBS = {"mkfs.ext4": 0, "blkid": 2, "mount": 0, "umount": 0}
DISK = "sdz"


@control.route("POST", "/ssm-agent")
def set_agent(request: dict) -> None:
    """Whether the agent of an instance answers; `null` takes it away."""
    status = request["ping_status"]
    if status is None:
        _agents.pop(request["instance"], None)
    else:
        _agents[request["instance"]] = {"PingStatus": status, "PlatformType": request.get("platform", "Linux")}


@control.route("POST", "/ssm-command-age")
def age(request: dict) -> None:
    """The commands to an instance were sent so many seconds earlier."""
    for record in commands.values():
        if request["instance"] in record["InstanceIds"]:
            record["RequestedDateTime"] -= request["seconds"]


def put_document(name: str, content: dict) -> str:
    """A Command document with one shell script; nothing else is understood."""
    (step,) = content["mainSteps"]
    if content["schemaVersion"] != "2.2" or step["action"] != "aws:runShellScript":
        raise ValueError(f"{name}: only documents of schema 2.2 with one aws:runShellScript")
    _documents[name] = content
    return name


@plug.replaces(ssm, "_managed_instance_ids")
def managed(_original) -> set[str]:
    return {name for name, agent in _agents.items() if agent["PingStatus"] == "Online"}


@plug.replaces(ssm, "_describe_instance_information", "data")
def describe(_original, data):
    wanted = [value for one in data.get("Filters", []) if one["Key"] == "InstanceIds" for value in one["Values"]]
    found = [{"InstanceId": name, **agent} for name, agent in _agents.items() if not wanted or name in wanted]
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"InstanceInformationList": found}).encode()


@plug.replaces(ssm, "_send_command", "data")
def send(original, data):
    """A command of an own document goes to the agent as the script that the document makes of its parameters."""
    content = _documents.get(data.get("DocumentName") or "")
    if content is None:
        return original(data)
    given = {name: values[0] for name, values in (data.get("Parameters") or {}).items()}
    for name, parameter in content["parameters"].items():
        if not re.search(parameter["allowedPattern"], given.get(name, "")):
            body = json.dumps({"__type": "InvalidParameters", "message": f"`{name}` does not match its pattern"})
            return 400, {"Content-Type": "application/x-amz-json-1.1"}, body.encode()
    lines = [re.sub(r"\{\{ (\w+) \}\}", lambda found: given[found[1]], line) for line in content["mainSteps"][0]["inputs"]["runCommand"]]
    answer = original({**data, "DocumentName": "AWS-RunShellScript", "Parameters": {"commands": lines}})
    if answer[0] == 200:
        made = json.loads(answer[2])
        shown = {"DocumentName": data["DocumentName"], "Parameters": data["Parameters"]}
        commands[made["Command"]["CommandId"]].update(shown)
        made["Command"].update(shown)
        return 200, answer[1], json.dumps(made).encode()
    return answer


@plug.replaces(ec2, "exec_in_instance_blocking", "instance_id", "argv")
def run(_original, instance_id, argv):
    """(code, output, errors). An agent that does not answer reports the end once it does again."""
    with tempfile.TemporaryDirectory(prefix="tocsin-agent-") as folder:
        root = pathlib.Path(folder)
        for name in ("bin", "dev", "run"):
            (root / name).mkdir()
        (root / "dev" / DISK).touch()
        for name, code in STUBS.items():
            (root / "bin" / name).write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
            (root / "bin" / name).chmod(0o700)
        script = re.sub(r"(?<![\w.])/(dev|run)/", rf"{root}/\1/", argv[-1])
        environment = {"PATH": f"{root}/bin:{os.environ['PATH']}", "HOME": folder}
        done = subprocess.run([*argv[:-1], script], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    while _agents.get(instance_id, {}).get("PingStatus") != "Online":
        time.sleep(0.1)
    return done.returncode, done.stdout, done.stderr
