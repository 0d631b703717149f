"""Checks the Automation documents of `infra`: `python tests/acceptance/ssm_lint.py infra` exits 1 with findings.

cfn-lint sees only a document's `schemaVersion`. This reads the rest: the step graph and its references (`ssm_document`), the AWS
calls against botocore's models and the role's policy (`ssm_calls`), the scripts (`ssm_script`), and here, that every action's folder
is complete, has the outputs that its callers read, and is deployed.
"""

import argparse
import json
import pathlib
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "local-aws"))

import ssm_calls  # noqa: E402 - needs the path above
import ssm_document  # noqa: E402
import ssm_script  # noqa: E402

# What each kind of document must end in for those who read it, as step -> output.
FORWARD = {"RecordBefore": "Before", "ObserveContainment": "Observation"}
REVERSAL = {"ObserveReversal": "Observation"}
PRESERVATION = {"PreserveVolumes": "Snapshots"}
MEMBER_TEMPLATE = "member.yaml"


class _UniqueKeys(yaml.SafeLoader):
    """YAML lets a second key replace the first in silence; a document with two is a mistake."""


def _mapping(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"key `{twice[0]}` is there twice", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def lint(path) -> list[str]:
    """Everything that is wrong below `path` (the `infra` folder), each with the file it is in."""
    root = pathlib.Path(path)
    actions = sorted(folder for folder in (root / "actions").glob("*") if folder.is_dir())
    preservation = sorted(folder for folder in (root / "preservation").glob("*") if folder.is_dir())
    if not actions:
        return [f"{root}: there is no folder in `actions`"]
    findings = []
    for folder in actions:
        findings += lint_folder(root, folder, {"document.yaml": FORWARD, "reversal.yaml": REVERSAL})
    for folder in preservation:
        findings += lint_folder(root, folder, {"document.yaml": PRESERVATION})
    return findings + lint_deployment(root, actions + preservation)


def lint_folder(root: pathlib.Path, folder: pathlib.Path, documents: dict[str, dict[str, str]]) -> list[str]:
    where = folder.relative_to(root)
    required = [*documents, "policy.json", "README.md"]
    missing = [name for name in required if not (folder / name).is_file()]
    if missing:
        return [f"{where}: `{name}` is missing" for name in missing]
    findings, calls, functions = [], [], {}
    for name, outputs in documents.items():
        try:
            body = yaml.load((folder / name).read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            findings.append(f"{where / name}: {error}")
            continue
        if not isinstance(body, dict):
            findings.append(f"{where / name}: not a document")
            continue
        problems, made, sources = lint_document(body, outputs)
        findings += [f"{where / name}: {problem}" for problem in problems]
        calls += made
        for function, source in sources.items():
            if functions.setdefault(function, source) != source:
                findings.append(f"{where / name}: function `{function}` differs from the one in another document of the action")
    try:
        policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        return [*findings, f"{where / 'policy.json'}: {error}"]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    return findings + [f"{where / 'policy.json'}: {problem}" for problem in ssm_calls.check_policy(policy, calls, readme)]


def lint_document(body: dict, outputs: dict[str, str]) -> tuple[list[str], list[ssm_calls.Call], dict[str, str]]:
    steps = body.get("mainSteps") or []
    findings = ssm_document.check(body)
    api_findings, api_calls = ssm_calls.check_api_steps(steps)
    script_findings, script_calls, functions = ssm_script.check_scripts(steps)
    findings += api_findings + script_findings
    for step, output in outputs.items():
        if f"{step}.{output}" not in (body.get("outputs") or []):
            findings.append(f"the output `{step}.{output}` is missing")
    names = [step.get("name") for step in steps]
    if "RecordBefore" in outputs and names[:1] != ["RecordBefore"]:
        findings.append("the first step is not `RecordBefore`: something could change before it is recorded")
    observing = next((name for name in outputs if name.startswith("Observe")), None)
    if observing and names[-1:] != [observing]:
        findings.append(f"the last step is not `{observing}`: what it reads back could change after it")
    return findings, api_calls + script_calls, functions


def lint_deployment(root: pathlib.Path, folders: list[pathlib.Path]) -> list[str]:
    template = root / MEMBER_TEMPLATE
    if not template.is_file():
        return [f"{MEMBER_TEMPLATE} is missing"]
    text = template.read_text(encoding="utf-8")
    return [
        f"{MEMBER_TEMPLATE}: `{file.relative_to(root).as_posix()}` is not deployed"
        for folder in folders
        for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.json")])
        if f"Location: {file.relative_to(root).as_posix()}\n" not in text
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("infra", type=pathlib.Path, help="the folder with `actions` and `preservation`")
    findings = lint(parser.parse_args().infra)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
