"""Each tool of `make lint` catches a planted fault, and says so when it cannot work. What our own linters catch has tests of its own."""

import json
import pathlib
import shutil
import subprocess
import sys

import lint
import lint_tools
import pytest
import template_checks

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "local-aws"))

from local_aws.template import TemplateError, expand  # noqa: E402 - needs the path above

GUARDRAILS = REPOSITORY / "infra" / "guardrails"
PARAMETERS = lint.PARAMETERS["responder.yaml"]


@pytest.fixture(scope="module")
def responder():
    return expand(REPOSITORY / "infra" / "responder.yaml", parameters=PARAMETERS)


@pytest.fixture
def written(tmp_path):
    """Writes a template and answers its path."""

    def write(template):
        path = tmp_path / "template.json"
        path.write_text(json.dumps(template, indent=1), encoding="utf-8")
        return path

    return write


@pytest.fixture
def guardrails(tmp_path):
    return pathlib.Path(shutil.copytree(GUARDRAILS, tmp_path / "guardrails"))


def template_of(**resources):
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"`{old}` is no longer in {path.name}: plant the fault elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_template_that_sam_refuses_is_found(tmp_path):
    infra = pathlib.Path(shutil.copytree(REPOSITORY / "infra", tmp_path / "infra"))
    replace(infra / "responder.yaml", "../statemachines/containment.asl.json", "../statemachines/contain.asl.json")
    shutil.copytree(REPOSITORY / "statemachines", tmp_path / "statemachines")
    shutil.copytree(REPOSITORY / "functions/incident/src/sources", tmp_path / "functions/incident/src/sources")
    with pytest.raises(TemplateError, match="contain.asl.json: no such file"):
        expand(infra / "responder.yaml", parameters=PARAMETERS)


def test_cfn_lint_finds_a_reference_to_nothing(responder, written):
    template = json.loads(json.dumps(responder).replace('"Ref": "OperatorTopic"', '"Ref": "PagerTopic"', 1))
    found = template_checks.cfn_lint([written(template)])
    assert any("PagerTopic" in finding for finding in found), found


def test_cfn_lint_that_cannot_work_is_heard(tmp_path):
    missing = tmp_path / "missing.json"
    assert template_checks.cfn_lint([missing]) != []


def test_a_guardrail_finds_an_unsigned_function_url(responder, written):
    template = json.loads(json.dumps(responder))
    template["Resources"]["RecordLegalDecisionFunctionUrl"]["Properties"]["AuthType"] = "NONE"
    others = {name: expand(REPOSITORY / "infra" / name, parameters=given) for name, given in lint.PARAMETERS.items() if name != "responder.yaml"}
    # Two templates may have a resource of one name.
    resources = {f"{name} {logical_id}": found for name, other in others.items() for logical_id, found in other["Resources"].items()}
    every = {**template, "Resources": {**template["Resources"], **resources}}
    assert template_checks.guard(GUARDRAILS, [written(every)]) == [
        "template.json: function_urls_are_signed: a decision comes from a person who signed in (/Resources/RecordLegalDecisionFunctionUrl/Properties/AuthType)"
    ]


def test_a_guardrail_for_nothing_is_found(written, guardrails):
    found = template_checks.guard(guardrails, [written(template_of(Topic={"Type": "AWS::SNS::Topic", "Properties": {}}))])
    assert any("topics_are_encrypted_with_our_key" in finding for finding in found), found
    assert "tables_can_be_restored: the rule applies to nothing in our templates" in found


def test_guardrails_that_cannot_be_read_are_heard(written, guardrails):
    replace(guardrails / "messages.guard", "rule queues_keep", "rul queues_keep")
    (finding,) = template_checks.guard(guardrails, [written(template_of(Topic={"Type": "AWS::SNS::Topic"}))])
    assert "messages.guard" in finding


def test_a_guardrail_whose_test_fails_is_found(guardrails):
    replace(guardrails / "functions.guard", "AuthType == 'AWS_IAM'", "AuthType exists")
    found = template_checks.guard_tests(guardrails)
    assert "functions_tests.yaml: a gate without a lock: function_urls_are_signed: Expected = FAIL, Evaluated = [PASS]" in found


def test_a_guardrail_without_a_breaking_input_is_found(guardrails):
    replace(guardrails / "functions_tests.yaml", "rules: {logs_end: FAIL}", "rules: {machines_are_standard: SKIP}")
    assert template_checks.guard_tests(guardrails) == ["functions_tests.yaml: no input for which `logs_end` is to FAIL"]


def test_checkov_finds_a_policy_for_everything_and_exceptions_that_do_not_fit(written, tmp_path):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    everything = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    exceptions = tmp_path / "exceptions.yaml"
    exceptions.write_text("[{check: CKV_AWS_18, resources: [Vault], reason: short}]", encoding="utf-8")
    found = template_checks.checkov([written(template_of(Everything=everything))], exceptions)
    assert any(finding.startswith("template.json: Everything: CKV_AWS_") for finding in found), found
    assert "exceptions.yaml: `CKV_AWS_18` on `Vault` is no finding any more" in found
    assert "exceptions.yaml: `CKV_AWS_18` has no reason" in found


def test_asl_validator_finds_a_misspelt_type(tmp_path):
    machine = tmp_path / "notification.asl.json"
    shutil.copy(REPOSITORY / "statemachines" / machine.name, machine)
    replace(machine, '"Type": "Choice"', '"Type": "Chose"')
    found = template_checks.asl_grammar([machine], tmp_path / "filled")
    assert found and all(finding.startswith("notification.asl.json: ") for finding in found)


def test_the_command_exits_with_1_and_names_the_check(tmp_path):
    copy = tmp_path / "repository"
    for folder in ("infra", "statemachines", "tests/acceptance", "tests/local-aws/local_aws", "functions/incident/src/sources", "functions/incident/evidence"):
        shutil.copytree(REPOSITORY / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
    replace(copy / "statemachines" / "notification.asl.json", '"Next": "NoticeSent"', '"Next": "NoticeGone"')
    done = subprocess.run([sys.executable, str(copy / "tests/acceptance/lint.py"), "asl"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "goes to `NoticeGone`, which is no state" in done.stdout
    assert "in asl" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new", "check", "expected"),
    [
        ('crate = "openssl"', 'crate = "serde_json"', "bans", "crate 'serde_json = "),
        ('"Unicode-3.0", ', "", "licenses", "Unicode-3.0"),
    ],
    ids=["a crate that is banned", "a licence that is not allowed"],
)
def test_cargo_deny_finds(tmp_path, old, new, check, expected):
    config = pathlib.Path(shutil.copy(REPOSITORY / ".deny.toml", tmp_path / "deny.toml"))
    replace(config, old, new)
    # Offline, cargo wants the crates of every platform, also of those that are never built here.
    assert lint_tools.run("cargo", "fetch", "--locked", "--quiet").code == 0
    answer = lint_tools.run(lint_tools.cargo_deny(), "--offline", "--config", config, "check", "--hide-inclusion-graph", check)
    assert answer.code != 0
    assert expected in answer.output + answer.errors
