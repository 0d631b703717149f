"""The table of functions for README.md, from the template and the state machines.

`python tests/acceptance/function_table.py` prints it; `--write` puts it between the markers in README.md.
"""

import argparse
import pathlib
import re
import sys

from asl import load_all
from cloudformation_yaml import security_account

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- functions:begin -->", "<!-- functions:end -->"
_BETWEEN = re.compile(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", re.DOTALL)
_URL = "its function URL (AWS_IAM)"


def table(root: pathlib.Path) -> str:
    """Every function in the template's order, with what it does and who calls it."""
    template = security_account(root)
    callers = calling_states(root)
    lines = ["| function | what it does | called by |", "| --- | --- | --- |"]
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        name = properties["FunctionName"].removeprefix("tocsin-")
        called_by = callers.get(f"${{{logical_id}Arn}}", []) + other_callers(properties, template["Resources"])
        called_by += schedulers(template, logical_id)
        lines.append(f"| `{name}` | {properties['Description']} | {', '.join(called_by)} |")
    return "\n".join(lines) + "\n"


def calling_states(root: pathlib.Path) -> dict[str, list[str]]:
    """Function, as it is written in the machines -> `machine`: `State`. Pages are many: they are counted."""
    callers: dict[str, list[str]] = {}
    for machine in load_all(root / "statemachines").values():
        pages: dict[str, int] = {}
        for state in machine.tasks():
            function = state.function()
            if function and state.is_page:
                pages[function] = pages.get(function, 0) + 1
            elif function:
                callers.setdefault(function, []).append(f"`{machine.name}`: `{state.name}`")
        for function, count in pages.items():
            states = "state" if count == 1 else "states"
            callers.setdefault(function, []).append(f"`{machine.name}`: {count} {states} `PageOperatorAbout…`")
    return callers


def trigger(event: dict, resources: dict) -> str:
    if event["Type"] == "Schedule":
        return "its schedule"
    if event["Type"] == "Api":
        return "people, in a browser"
    queue = event["Properties"]["Queue"]["Fn::GetAtt"]
    logical_id = queue.split(".")[0] if isinstance(queue, str) else queue[0]
    return f"the queue `{resources[logical_id]['Properties']['QueueName']}`"


def other_callers(properties: dict, resources: dict) -> list[str]:
    found = [trigger(event, resources) for event in properties.get("Events", {}).values()]
    return list(dict.fromkeys(found)) + ([_URL] if "FunctionUrlConfig" in properties else [])


def schedulers(template: dict, logical_id: str) -> list[str]:
    """Schedules that are set while Tocsin runs call it by a role that EventBridge Scheduler may assume."""
    roles = [body["Properties"] for body in template["Resources"].values() if body["Type"] == "AWS::IAM::Role"]
    return ["schedules, set at run time"] if logical_id in scheduled(roles) else []


def scheduled(roles: list[dict]) -> set[str]:
    """The functions that roles of EventBridge Scheduler may call."""
    found = set()
    for role in roles:
        trusts = [statement["Principal"].get("Service") for statement in role["AssumeRolePolicyDocument"]["Statement"]]
        statements = [s for policy in role.get("Policies", []) for s in policy["PolicyDocument"]["Statement"]]
        if "scheduler.amazonaws.com" in trusts:
            targets = [s["Resource"] for s in statements if s["Action"] == ["lambda:InvokeFunction"]]
            found |= {target["Fn::GetAtt"][0] for target in targets}
    return found


def in_readme(text: str) -> str | None:
    """What stands between the markers, or None without them."""
    found = _BETWEEN.search(text)
    return found.group(1) if found else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    made = table(REPOSITORY)
    if not options.write:
        print(made, end="")
        return 0
    readme = REPOSITORY / "README.md"
    text = readme.read_text(encoding="utf-8")
    if in_readme(text) is None:
        print(f"README.md has no `{BEGIN}` and `{END}`: put both where the table belongs", file=sys.stderr)
        return 1
    readme.write_text(_BETWEEN.sub(lambda _: f"{BEGIN}\n{made}{END}", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
