"""The linter for Automation documents: the project's own documents pass, and each check catches a planted fault."""

import copy
import pathlib
import shutil
import subprocess
import sys

import pytest
from ssm_lint import OUTPUTS, lint, lint_document, render

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
LOCK, SNAPSHOT = "actions/lock-bucket", "preservation/snapshot-volumes"


@pytest.fixture
def infra(tmp_path):
    copied = tmp_path / "infra"
    for part in ("actions", "preservation"):
        shutil.copytree(INFRA / part, copied / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(INFRA / "member.yaml", copied / "member.yaml")
    return copied


def change(infra, file, old, new):
    path = infra / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"`{old}` is no longer in {file}: plant the fault elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_own_documents_have_no_findings():
    assert lint(INFRA) == []


# --- what stands in the files ---

# (file, what stands there, what is put in its place, what the linter must say)
# One fault a line reads as the table that it is.
# fmt: off
FILE_FAULTS = {
    # scripts
    "syntax": (f"{LOCK}/action.py", "def restore_policy(run):", "def restore_policy(run)", "SyntaxError: expected ':'"),
    "step without a function": (f"{LOCK}/action.py", "def restore_policy(run):", "def restore(run):", "the function `restore_policy` is missing"),
    "no preview": (f"{LOCK}/action.py", "def calls(run, state):", "def called(run, state):", "the function `calls` is missing"),
    "code outside functions": (f"{LOCK}/action.py", "import boto3\n", "import boto3\n\nfor name in ():\n    pass\n", "only imports, constants and functions"),
    "import": (f"{LOCK}/action.py", "def block_public_access(run):\n", "def block_public_access(run):\n    import requests\n", "imports `requests`"),
    "payload not given": (f"{LOCK}/action.py", 'run["kms_key_arn"]', 'run["kms_key"]', 'reads run["kms_key"], which `InputPayload` does not have'),
    "unknown method": (f"{LOCK}/action.py", "s3.put_bucket_encryption(", "s3.set_bucket_encryption(", "a client of `s3` has no `set_bucket_encryption`"),
    "unknown keyword": (f"{LOCK}/action.py", "s3.delete_bucket_encryption(Bucket=", "s3.delete_bucket_encryption(Name=", "`delete_bucket_encryption` has no parameter `Name`"),
    "unknown client": (f"{LOCK}/action.py", 'boto3.client("s3"), run["target"]', 'boto3.client("s4"), run["target"]', "unknown service 's4'"),
    "interpolated script": (f"{SNAPSHOT}/preserve.py", 'run["instance_id"], "Exclude', "'{{ InstanceId }}', \"Exclude", "reference inside the script"),
    "unknown paginator": ("preservation/snapshots.py", 'get_paginator("describe_snapshots")', 'get_paginator("describe_snaps")', "has no paginator 'describe_snaps'"),
    "selector of nothing": ("preservation/snapshots.py", 'return {"answer": text}', 'return {"said": text}', "nothing is returned at `$.Payload.answer`"),
    # descriptions
    "open pattern": (f"{LOCK}/action.toml", "pattern = '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'", "pattern = '[a-z0-9.-]+'", "parameter `BucketName`: `allowedPattern` is not anchored"),
    "broken pattern": (f"{LOCK}/action.toml", "'^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'", "'^[a-z0-9$'", "`allowedPattern` is no regular expression"),
    "default outside the pattern": (f"{LOCK}/action.toml", 'default = ""', 'default = "key"', "the default 'key' does not match"),
    "timeout beyond the limit": (f"{LOCK}/action.toml", 'step = "BlockPublicAccess"', 'step = "BlockPublicAccess"\ntimeout = 3600', "a script runs 600 seconds at most"),
    "no description of a step": (f"{LOCK}/action.toml", 'does = "Turns all of public access block on."\n', "", "KeyError: 'does'"),
    "key twice": (f"{SNAPSHOT}/preserve.toml", 'account = "member"\n', 'account = "member"\naccount = "evidence"\n', "TOMLDecodeError: Cannot overwrite a value"),
    # policies
    "call not allowed": (f"{LOCK}/policy.json", '        "s3:PutBucketPolicy",\n', "", "`s3:PutBucketPolicy` is not allowed, but step"),
    "more than is called": (f"{LOCK}/policy.json", '        "s3:PutBucketPolicy",\n', '        "s3:PutBucketPolicy",\n        "s3:PutObject",\n', "`s3:PutObject` is allowed, but nothing calls for it"),
    "wildcard action": (f"{LOCK}/policy.json", '"s3:PutBucketPolicy"', '"s3:Put*"', "has a wildcard action"),
    "roles to any service": ("actions/isolate-instance/policy.json", '"iam:PassedToService"', '"aws:RequestedRegion"', "passes roles to any service"),
    "statement without Sid": (f"{LOCK}/policy.json", '"Sid": "LockAndRestoreBucketsOfTheAccount",', "", "a statement has no `Sid`"),
    "broken JSON": (f"{LOCK}/policy.json", '"Version": "2012-10-17",', '"Version": "2012-10-17"', "Expecting ',' delimiter"),
    # folders
    "not deployed": ("member.yaml", "Location: ../target/infra/actions.json", "Location: ../target/actions.json", "`../target/infra/actions.json` is not deployed"),
}
# fmt: on


@pytest.mark.parametrize("fault", sorted(FILE_FAULTS))
def test_fault_in_a_file_is_found(infra, fault):
    file, old, new, said = FILE_FAULTS[fault]
    change(infra, file, old, new)
    folder = str(pathlib.Path(file).parent).removesuffix(".")
    findings = lint(infra)
    assert any(said in finding and finding.startswith(folder) for finding in findings), findings


def test_wildcard_resource_needs_its_reason(infra):
    path = infra / "actions/isolate-instance/README.md"
    path.write_text(path.read_text().replace("`DescribeTakesNoResource`", "Describe"))
    expected = 'statement `DescribeTakesNoResource` has `"Resource": "*"`, and README.md gives no reason for it'
    assert any(expected in finding for finding in lint(infra))


# --- what stands in a document ---

BODY = next(action for action in render.actions() if action.id == "lock-bucket").document("document")
API_STEP = {
    "name": "ReadGroups",
    "action": "aws:executeAwsApi",
    "onFailure": "Abort",
    "timeoutSeconds": 30,
    "nextStep": "ObserveContainment",
    "inputs": {"Service": "s3", "Api": "PutPublicAccessBlock", "Bucket": "{{ BucketName }}", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
}
GROUPS = {"Service": "ec2", "Api": "DescribeSecurityGroups", "PropertySelector": "$.SecurityGroups[0].GroupId", "DesiredValues": ["x"]}


def step(body: dict, name: str) -> dict:
    return next(one for one in body["mainSteps"] if one["name"] == name)


def set_step(which: str, /, **values):
    """A fault in a step: values set, or keys taken away where the value is None."""

    def plant(body):
        one = step(body, which)
        one.update(values)
        for key in [key for key, value in values.items() if value is None]:
            del one[key]

    return plant


def set_parameter(name: str, **values):
    return lambda body: body["parameters"][name].update(values)


def with_api_step(name: str = "ReadGroups", action: str = "aws:executeAwsApi", /, **inputs):
    """A step that calls an API, before the last one. Inputs of None are left out."""

    def plant(body):
        added = copy.deepcopy(API_STEP)
        added.update(name=name, action=action)
        added["inputs"] = {key: value for key, value in (inputs if action != "aws:executeAwsApi" else {**added["inputs"], **inputs}).items() if value is not None}
        step(body, "ResumeVersioning")["nextStep"] = name
        body["mainSteps"].insert(-1, added)

    return plant


def branch_around(body):
    """A branch around a step: its output is declared, but not there on every way."""
    step(body, "MergePolicy")["outputs"] = [{"Name": "Text", "Selector": "$.Payload.text", "Type": "String"}]
    step(body, "EncryptByDefault")["inputs"]["InputPayload"]["text"] = "{{ MergePolicy.Text }}"
    choice = {"NextStep": "MergePolicy", "Variable": "{{ BucketName }}", "StringEquals": "shop"}
    branch = {"name": "IsNeeded", "action": "aws:branch", "inputs": {"Choices": [choice], "Default": "EncryptByDefault"}}
    step(body, "RecordBefore")["nextStep"] = "IsNeeded"
    body["mainSteps"].insert(1, branch)


OBSERVE = "ObserveContainment"
DOCUMENT_FAULTS = {
    # step graph
    "runtime": (lambda body: step(body, "MergePolicy")["inputs"].update(Runtime="python3.8"), "runtime 'python3.8' is not one of"),
    "unknown nextStep": (set_step("MergePolicy", nextStep="Encrypt"), "goes to `Encrypt`, which is no step"),
    "unknown onFailure target": (set_step("MergePolicy", onFailure="step:Undo"), "goes to `Undo`, which is no step"),
    "unreachable step": (set_step("RecordBefore", nextStep="EncryptByDefault"), "step `MergePolicy` can't be reached"),
    "duplicate name": (set_step("MergePolicy", name="EncryptByDefault"), "step `EncryptByDefault` is there twice"),
    "step without a name": (set_step("MergePolicy", name=None), "step 2 has no name"),
    "end without isEnd": (set_step(OBSERVE, isEnd=None), "step `ObserveContainment` is an end without `isEnd: true`"),
    "isEnd and nextStep": (set_step(OBSERVE, nextStep="RecordBefore"), "both `isEnd` and `nextStep`"),
    "endless loop": (set_step(OBSERVE, isEnd=None, nextStep="MergePolicy"), "step `MergePolicy` never comes to an end"),
    "failure passed over": (set_step("MergePolicy", onFailure="Continue"), "passes over a failed change"),
    "unknown onFailure": (set_step("MergePolicy", onFailure="Retry"), "unknown `onFailure` 'Retry'"),
    "onFailure left out": (set_step("MergePolicy", onFailure=None), "`onFailure` is missing"),
    "timeout left out": (set_step("MergePolicy", timeoutSeconds=None), "`timeoutSeconds` is missing"),
    "misspelt step key": (set_step("MergePolicy", timeoutSecond=60), "unknown key `timeoutSecond`"),
    "unsupported action": (set_step("MergePolicy", action="aws:runCommand"), "unsupported action 'aws:runCommand'"),
    "skipped output": (branch_around, "`MergePolicy.Text` is used before step `MergePolicy` has run"),
    # frame and parameters
    "schema version": (lambda body: body.update(schemaVersion="2.2"), "`schemaVersion` is '2.2', not '0.3'"),
    "no assumeRole": (lambda body: body.pop("assumeRole"), "`assumeRole` is missing"),
    "assumeRole of no parameter": (lambda body: body.update(assumeRole="{{ Role }}"), "`Role` is no parameter"),
    "no allowedPattern": (lambda body: body["parameters"]["IncidentId"].pop("allowedPattern"), "parameter `IncidentId`: neither `allowedPattern` nor"),
    "unknown type": (set_parameter("Before", type="List"), "unknown type 'List'"),
    "unused parameter": (lambda body: body["parameters"].update(More={"type": "String", "description": "x", "allowedPattern": "^$"}), "parameter `More` is never used"),
    # references
    "unknown parameter": (lambda body: step(body, "MergePolicy")["inputs"]["InputPayload"].update(target="{{ Bucket }}"), "`Bucket` is neither a parameter nor a system variable"),
    "unknown step": (lambda body: step(body, "MergePolicy")["inputs"]["InputPayload"].update(before="{{ Record.Before }}"), "there is no step `Record`"),
    "undeclared output": (lambda body: step(body, "MergePolicy")["inputs"]["InputPayload"].update(before="{{ RecordBefore.State }}"), "step `RecordBefore` has no output `State`"),
    "document output of no step": (lambda body: body["outputs"].append("RecordBefore.Left"), "`outputs`: `RecordBefore.Left`"),
    "contract output missing": (lambda body: body["outputs"].remove("ObserveContainment.Observation"), "the output `ObserveContainment.Observation` is missing"),
    "handler missing": (lambda body: step(body, "MergePolicy")["inputs"].update(Handler="merge"), "the handler 'merge' is not in the script"),
    # API steps
    "unknown service": (with_api_step(Service="s4"), "unknown service 's4'"),
    "unknown API": (with_api_step(Api="PutPublicAccess"), "`s3` has no API 'PutPublicAccess'"),
    "unknown API parameter": (with_api_step(BucketName="x"), "`PutPublicAccessBlock` has no parameter `BucketName`"),
    "missing API parameter": (with_api_step(Bucket=None), "`PutPublicAccessBlock` needs `Bucket`"),
    "nested API parameter": (with_api_step(PublicAccessBlockConfiguration={"BlockAcls": True}), "has no parameter `BlockAcls`"),
    "wrong type": (with_api_step(PublicAccessBlockConfiguration={"BlockPublicAcls": "yes"}), "`PutPublicAccessBlock.PublicAccessBlockConfiguration.BlockPublicAcls` is no boolean"),
    "selector of nothing": (with_api_step("WaitForGroup", "aws:waitForAwsResourceProperty", **{**GROUPS, "PropertySelector": "$.SecurityGroups[0].Id"}), "the answer has no `Id`"),
    "selector without a root": (with_api_step("WaitForGroup", "aws:waitForAwsResourceProperty", **{**GROUPS, "PropertySelector": "SecurityGroups"}), "does not start with"),
    "property step without its inputs": (with_api_step("AssertGroup", "aws:assertAwsResourceProperty", Service="ec2", Api="DescribeSecurityGroups"), "step `AssertGroup`: `DesiredValues` is missing"),
}


@pytest.mark.parametrize("fault", sorted(DOCUMENT_FAULTS))
def test_fault_in_a_document_is_found(fault):
    plant, said = DOCUMENT_FAULTS[fault]
    body = copy.deepcopy(BODY)
    plant(body)
    findings, _ = lint_document(body, OUTPUTS["document"])
    assert any(said in finding for finding in findings), findings


@pytest.mark.parametrize(
    "plant",
    [lambda body: None, with_api_step(), with_api_step("WaitForGroup", "aws:waitForAwsResourceProperty", **GROUPS)],
    ids=["as it is", "with a call", "with a wait"],
)
def test_sound_document_has_no_findings(plant):
    body = copy.deepcopy(BODY)
    plant(body)
    assert lint_document(body, OUTPUTS["document"])[0] == []


@pytest.mark.parametrize("file", ["action.toml", "action.py", "policy.json", "README.md"])
def test_incomplete_action_is_found(infra, file):
    (infra / LOCK / file).unlink()
    assert any(finding == f"{LOCK}: `{file}` is missing" for finding in lint(infra))


@pytest.mark.parametrize("file", ["preserve.toml", "preserve.py", "policy.json", "README.md"])
def test_incomplete_preservation_is_found(infra, file):
    (infra / "preservation/snapshot-volumes" / file).unlink()
    assert any(finding == f"preservation/snapshot-volumes: `{file}` is missing" for finding in lint(infra))


def test_empty_folder_is_no_success(tmp_path):
    assert lint(tmp_path) == [f"{tmp_path}: there is no folder in `actions`"]


def test_command_exits_1_with_findings_and_0_without(infra):
    command = [sys.executable, pathlib.Path(__file__).with_name("ssm_lint.py"), infra]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    change(infra, f"{LOCK}/policy.json", '"s3:PutBucketPolicy"', '"s3:Put*"')
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "has a wildcard action" in failed.stderr
