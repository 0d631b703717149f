"""Checks templates, state machines and SSM documents: what `make lint` runs beside the Rust tools.

`python tests/acceptance/lint.py [CHECK …]` runs all checks or the named ones, and exits 1 when one of them finds something.
"""

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "local-aws"))

import asl_lint  # noqa: E402 - needs the path above
import iam_reference  # noqa: E402
import ssm_lint  # noqa: E402
import template_checks  # noqa: E402
from lint_tools import REPOSITORY, ToolMissing  # noqa: E402
from local_aws.template import TemplateError, expand  # noqa: E402
from policies import wildcards_without_a_reason  # noqa: E402

INFRA = REPOSITORY / "infra"
MACHINES = REPOSITORY / "statemachines"
GUARDRAILS = INFRA / "guardrails"
EXCEPTIONS = GUARDRAILS / "checkov-exceptions.yaml"
EXPANDED = REPOSITORY / "target" / "lint"
# A value for each parameter without a default that SAM wants to know while it expands.
PARAMETERS = {
    "responder.yaml": {"NoticeSender": "privacy@example.com", "NoticeSenderIdentity": "example.com"},
    "member.yaml": {},
    "console.yaml": {"ConsoleOrigin": "https://tocsin.example.com", "SettingsBucket": "settings"},
    "public.yaml": {"PublicOrigin": "https://notices.example.com", "RequestsOrigin": "abc.execute-api.eu-central-1.amazonaws.com"},
    "privacy-requests.yaml": {"PublicOrigin": "https://notices.example.com", "SettingsBucket": "settings", "NoticeSender": "privacy@example.com"},
    "evidence.yaml": {"LogKeyArns": "arn:aws:kms:eu-central-1:111122223333:key/logs"},
}


def expanded() -> list[pathlib.Path]:
    return [EXPANDED / name.replace(".yaml", ".json") for name in PARAMETERS]


def machines() -> list[pathlib.Path]:
    return sorted(MACHINES.glob("*.asl.json"))


def expand_templates() -> list[str]:
    EXPANDED.mkdir(parents=True, exist_ok=True)
    try:
        ssm_lint.render.write()
    except ssm_lint.render.RenderError as error:
        return [str(error)]
    findings = []
    for name, target in zip(PARAMETERS, expanded(), strict=True):
        target.unlink(missing_ok=True)
        try:
            template = expand(INFRA / name, parameters=PARAMETERS[name])
        except TemplateError as error:
            findings.append(str(error))
            continue
        # The responder with lines, for whoever reads what is found there. What goes into a stack set is near the size that one takes.
        form = {"separators": (",", ":")} if name == "member.yaml" else {"indent": 1}
        target.write_text(json.dumps(template, **form), encoding="utf-8")
    return findings


def written_reasons() -> list[str]:
    return [finding for name in PARAMETERS for finding in wildcards_without_a_reason((INFRA / name).read_text(encoding="utf-8"), name)]


def known_permissions() -> list[str]:
    findings = []
    for path, parameters in zip(expanded(), PARAMETERS.values(), strict=True):
        template = json.loads(path.read_text(encoding="utf-8"))
        findings += [f"{path.stem}.yaml: {finding}" for finding in iam_reference.check(template, parameters)]
    return findings


# The first makes what the others read, so it always runs.
CHECKS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "expand": ("SAM transform and includes", expand_templates),
    "cfn-lint": ("cfn-lint on the expanded templates", lambda: template_checks.cfn_lint(expanded())),
    "guard-tests": ("the guardrails' own tests", lambda: template_checks.guard_tests(GUARDRAILS)),
    "guard": ("guardrails on the expanded templates", lambda: template_checks.guard(GUARDRAILS, expanded())),
    "checkov": ("checkov on the expanded templates", lambda: template_checks.checkov(expanded(), EXCEPTIONS)),
    "wildcards": ("reasons of wildcards in policies", written_reasons),
    "permissions": ("policies against the reference of IAM actions", known_permissions),
    "asl-grammar": ("asl-validator on the state machines", lambda: template_checks.asl_grammar(machines(), EXPANDED)),
    "asl": ("our own checks of the state machines", lambda: asl_lint.lint(MACHINES, INFRA / "responder.yaml")),
    "documents": ("our own checks of the SSM documents", lambda: ssm_lint.lint(INFRA)),
}


def check(name: str) -> list[str]:
    title, run = CHECKS[name]
    print(f"   {title} ", end="", flush=True)
    started = time.monotonic()
    try:
        findings = run()
    except ToolMissing as error:
        findings = [str(error)]
    print(f"{'ok' if not findings else f'{len(findings)} findings'} ({time.monotonic() - started:.1f} s)")
    for finding in findings:
        print(f"      {finding}")
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    chosen = parser.parse_args().checks
    unknown = [name for name in chosen if name not in CHECKS]
    if unknown:
        parser.error(f"there is no check `{unknown[0]}`; there are {', '.join(CHECKS)}")
    found = {"expand": check("expand")}
    if not found["expand"]:
        for name in CHECKS:
            if name != "expand" and (not chosen or name in chosen):
                found[name] = check(name)
    failed = [name for name, findings in found.items() if findings]
    total = sum(len(findings) for findings in found.values())
    print(f"   {len(found)} checks, {f'{total} findings in {chr(44).join(failed)}' if failed else 'no findings'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
