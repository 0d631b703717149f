"""cfn-lint, cfn-guard and checkov on expanded templates, and asl-validator on state machines. Each answers its findings as lines."""

import fnmatch
import json
import pathlib
import re

import lint_tools
import yaml
from asl import SUBSTITUTION

# What stands for a substitution while the grammar is checked: any ARN of its kind.
FILLED = {
    "Partition": "aws",
    "FunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:function",
    "StateMachineArn": "arn:aws:states:eu-central-1:111122223333:stateMachine:machine",
}


def cfn_lint(templates: list[pathlib.Path]) -> list[str]:
    answer = lint_tools.run(*lint_tools.cfn_lint(), "--format", "parseable", "--", *templates)
    findings = [line for line in answer.output.splitlines() if re.match(r"^\S+:\d+:", line)]
    return findings or silent_failure("cfn-lint", answer, {0})


def silent_failure(tool: str, answer: lint_tools.Answer, expected: set[int]) -> list[str]:
    """A tool that broke must not look like a tool that found nothing."""
    if answer.code in expected:
        return []
    return [f"{tool} ended with code {answer.code}: {(answer.errors or answer.output).strip()[-2000:]}"]


def guard(rules: pathlib.Path, templates: list[pathlib.Path]) -> list[str]:
    """What breaks a rule, and rules that none of the templates has anything for."""
    findings: list[str] = []
    applied: set[str] = set()
    known: set[str] = set()
    for template in templates:
        command = [lint_tools.cfn_guard(), "validate", "--rules", rules, "--data", template, "--show-summary", "none"]
        answer = lint_tools.run(*command, "--output-format", "json", "--structured")
        # 19 says that a rule is broken, 5 that the rules themselves are.
        if answer.code not in (0, 19) or "Parsing error" in answer.errors:
            return silent_failure("cfn-guard", answer, set())
        for report in json.loads(answer.output):
            broken = [rule["Rule"] for rule in report["not_compliant"]]
            applied |= set(report["compliant"]) | {rule["name"] for rule in broken}
            known |= applied | set(report["not_applicable"])
            findings += [f"{template.name}: {rule['name']}: {line}" for rule in broken for line in broken_clauses(rule)]
    findings += [f"{name}: the rule applies to nothing in our templates" for name in sorted(known - applied)]
    return findings if known else ["cfn-guard read no rules"]


def broken_clauses(rule: dict) -> list[str]:
    """`/Resources/Queue/…: message`, from wherever the report holds them."""
    found: list[str] = []

    def search(value) -> None:
        if isinstance(value, dict):
            message = (value.get("messages") or {}).get("custom_message")
            if message and "check" in value:
                found.append(f"{message} ({', '.join(paths_in(value['check'])) or 'nothing is there'})")
            for item in value.values():
                search(item)
        elif isinstance(value, list):
            for item in value:
                search(item)

    search(rule)
    return list(dict.fromkeys(found)) or [json.dumps(rule)[:500]]


def paths_in(check: dict) -> list[str]:
    return list(dict.fromkeys(re.findall(r'"path": "(/Resources/[^"]+)"', json.dumps(check))))


def guard_tests(rules: pathlib.Path) -> list[str]:
    """The tests of the rules, and that each rule has an input that breaks it."""
    findings = []
    for file in sorted(rules.glob("*.guard")):
        tests = file.with_name(f"{file.stem}_tests.yaml")
        if not tests.is_file():
            findings.append(f"{file.name}: there is no {tests.name}")
            continue
        answer = lint_tools.run(lint_tools.cfn_guard(), "test", "--rules-file", file, "--test-data", tests)
        if answer.code:
            findings += [f"{tests.name}: {line}" for line in failed_tests(answer.output)] or silent_failure("cfn-guard test", answer, {0})
        cases = yaml.safe_load(tests.read_text(encoding="utf-8"))
        expected = [set(case["expectations"]["rules"].items()) for case in cases]
        for name in re.findall(r"^rule (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            for result in ("PASS", "FAIL"):
                if not any((name, result) in case for case in expected):
                    findings.append(f"{tests.name}: no input for which `{name}` is to {result}")
    return findings


def failed_tests(output: str) -> list[str]:
    found, name = [], ""
    for line in output.splitlines():
        if line.startswith("Name: "):
            name = line.removeprefix("Name: ")
        if "Evaluated =" in line:
            found.append(f"{name}: {line.strip()}")
    return found


def checkov(templates: list[pathlib.Path], exceptions: pathlib.Path) -> list[str]:
    """What no exception covers, and exceptions that cover nothing any more."""
    files = [argument for template in templates for argument in ("--file", template)]
    command = [*lint_tools.checkov(), "--skip-download", "--framework", "cloudformation", "--quiet", "--compact", "--output", "json"]
    answer = lint_tools.run(*command, *files)
    try:
        reports = json.loads(answer.output)
    except json.JSONDecodeError:
        return [f"checkov answered no report, code {answer.code}: {answer.errors.strip()[-2000:]}"]
    reports = reports if isinstance(reports, list) else [reports]
    if not any(report.get("summary", {}).get(count) for report in reports for count in ("passed", "failed")):
        return ["checkov checked nothing"]
    allowed = yaml.safe_load(exceptions.read_text(encoding="utf-8")) or []
    findings = [f"{exceptions.name}: `{rule.get('check')}` has no reason" for rule in allowed if len(str(rule.get("reason", ""))) < 40]
    pairs = [(rule["check"], pattern) for rule in allowed for pattern in rule["resources"]]
    used: set[tuple[str, str]] = set()
    for report in reports:
        findings += [f"checkov cannot read {name}" for name in report["results"].get("parsing_errors", [])]
        for failed in report["results"]["failed_checks"]:
            resource = failed["resource"].split(".")[-1]
            covering = {
                (check, pattern) for check, pattern in pairs if check == failed["check_id"] and fnmatch.fnmatchcase(resource, pattern)
            }
            used |= covering
            if not covering:
                findings.append(f"{pathlib.Path(failed['file_path']).name}: {resource}: {failed['check_id']} {failed['check_name']}")
    stale = [pair for pair in pairs if pair not in used]
    return findings + [f"{exceptions.name}: `{check}` on `{pattern}` is no finding any more" for check, pattern in stale]


def asl_grammar(machines: list[pathlib.Path], folder: pathlib.Path) -> list[str]:
    """asl-validator on each definition, with ARNs where the template will put them."""
    folder.mkdir(parents=True, exist_ok=True)
    findings = []
    for machine in machines:
        filled = folder / machine.name
        filled.write_text(SUBSTITUTION.sub(value_of, machine.read_text(encoding="utf-8")), encoding="utf-8")
        answer = lint_tools.run(*lint_tools.asl_validator(), "--json-path", filled)
        if answer.code:
            output = (answer.output + answer.errors).replace(str(folder), machine.parent.name)
            findings += [f"{machine.name}: {line.strip()}" for line in output.splitlines() if line.strip()]
    return findings


def value_of(found: re.Match) -> str:
    name = found.group(1)
    return next((value for ending, value in FILLED.items() if name.endswith(ending)), found.group(0))
