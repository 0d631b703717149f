"""Checks the Automation documents of `infra`: `python tests/acceptance/ssm_lint.py infra` exits 1 with findings.

cfn-lint sees only a document's `schemaVersion`. This reads the rest: the step graph and its references (`ssm_document`), the AWS
calls against botocore's models and the role's policy (`ssm_calls`), the scripts (`ssm_script`), and here, that every folder is
complete, that its documents have the outputs that their callers read, and that they are deployed.
"""

import argparse
import json
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / "local-aws"), str(REPOSITORY / "infra")]

import render  # noqa: E402 - needs the paths above
import ssm_calls  # noqa: E402
import ssm_document  # noqa: E402
import ssm_script  # noqa: E402

# What each kind of document must end in for those who read it, as step -> output.
OUTPUTS = {
    "document": {"RecordBefore": "Before", "ObserveContainment": "Observation"},
    "reversal": {"ObserveReversal": "Observation"},
    "preview": {"PreviewContainment": "State"},
}
PRESERVATION = {"Preserve": "Answer"}
MEMBER_TEMPLATE, MADE = "member.yaml", "../target/infra/actions.json"


def lint(path) -> list[str]:
    """Everything that is wrong below `path` (the `infra` folder), each with the file it is in."""
    root = pathlib.Path(path)
    actions, preservation = (folders(root / name) for name in ("actions", "preservation"))
    if not actions:
        return [f"{root}: there is no folder in `actions`"]
    findings = []
    for folder in actions:
        findings += lint_action(root, folder)
    for folder in preservation:
        findings += lint_preservation(root, folder)
    return findings + lint_deployment(root)


def folders(path: pathlib.Path) -> list[pathlib.Path]:
    return sorted(folder for folder in path.glob("*") if folder.is_dir() and folder.name != "__pycache__")


def lint_action(root: pathlib.Path, folder: pathlib.Path) -> list[str]:
    """The documents that are made of an action's folder."""
    where = folder.relative_to(root)
    if missing := missing_files(where, folder, ("action.toml", "action.py", "policy.json", "README.md")):
        return missing
    try:
        action = render.Action(folder)
        bodies = {kind: action.document(kind) for kind, _ in action.kinds()}
    except (render.RenderError, ValueError, SyntaxError, KeyError) as error:
        return [f"{where}: {type(error).__name__}: {error}"]
    findings, calls = [], []
    known = frozenset(render.snake(name) for name in action.spec.get("parameters", {}))
    for kind, body in bodies.items():
        problems, made = lint_document(body, OUTPUTS[kind], known)
        findings += [f"{where}: {kind}: {problem}" for problem in problems]
        calls += made
    return findings + lint_policy(where, folder, calls)


def lint_preservation(root: pathlib.Path, folder: pathlib.Path) -> list[str]:
    where = folder.relative_to(root)
    if missing := missing_files(where, folder, ("preserve.toml", "preserve.py", "policy.json", "README.md")):
        return missing
    try:
        body = render.preserving.Preservation(folder).document()
    except (render.RenderError, ValueError, SyntaxError, KeyError) as error:
        return [f"{where}: {type(error).__name__}: {error}"]
    problems, calls = lint_document(body, PRESERVATION)
    return [f"{where}: {problem}" for problem in problems] + lint_policy(where, folder, calls)


def missing_files(where: pathlib.Path, folder: pathlib.Path, required: tuple[str, ...]) -> list[str]:
    return [f"{where}: `{name}` is missing" for name in required if not (folder / name).is_file()]


def lint_policy(where: pathlib.Path, folder: pathlib.Path, calls: list[ssm_calls.Call]) -> list[str]:
    try:
        policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        return [f"{where / 'policy.json'}: {error}"]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    return [f"{where / 'policy.json'}: {problem}" for problem in ssm_calls.check_policy(policy, calls, readme)]


def lint_document(
    body: dict, outputs: dict[str, str], known: frozenset[str] = frozenset()
) -> tuple[list[str], list[ssm_calls.Call]]:
    steps = body.get("mainSteps") or []
    findings = ssm_document.check(body)
    api_findings, api_calls = ssm_calls.check_api_steps(steps)
    script_findings, script_calls = ssm_script.check_scripts(steps, known)
    findings += api_findings + script_findings
    for step, output in outputs.items():
        if f"{step}.{output}" not in (body.get("outputs") or []):
            findings.append(f"the output `{step}.{output}` is missing")
    return findings, api_calls + script_calls


def lint_deployment(root: pathlib.Path) -> list[str]:
    template = root / MEMBER_TEMPLATE
    if not template.is_file():
        return [f"{MEMBER_TEMPLATE} is missing"]
    is_included = f"Location: {MADE}\n" in template.read_text(encoding="utf-8")
    return [] if is_included else [f"{MEMBER_TEMPLATE}: `{MADE}` is not deployed"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("infra", type=pathlib.Path, help="the folder with `actions` and `preservation`")
    findings = lint(parser.parse_args().infra)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
