"""The linter for Automation documents: the project's own documents pass, and each check catches a planted fault."""

import pathlib
import shutil
import subprocess
import sys

import pytest
from ssm_lint import lint

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
ISOLATE = "actions/isolate-instance/document.yaml"
REVOKE = "actions/revoke-role-sessions/document.yaml"
LOCK = "actions/lock-bucket/document.yaml"
LOCK_POLICY = "actions/lock-bucket/policy.json"

WAIT_STEP = """
  - name: {name}
    action: {action}
    onFailure: Abort
    timeoutSeconds: 30
    nextStep: ObserveContainment
    inputs:
{inputs}
"""


@pytest.fixture
def infra(tmp_path):
    copy = tmp_path / "infra"
    for part in ("actions", "preservation"):
        shutil.copytree(INFRA / part, copy / part)
    shutil.copy(INFRA / "member.yaml", copy / "member.yaml")
    return copy


def change(infra, file, old, new):
    path = infra / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"`{old}` is no longer in {file}: plant the fault elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_own_documents_have_no_findings():
    assert lint(INFRA) == []


# (file, what stands there, what is put in its place, what the linter must say)
# One fault a line reads as the table that it is.
# fmt: off
FAULTS = {
    # step graph
    "unknown nextStep": (ISOLATE, "nextStep: SwapToIsolation", "nextStep: SwapToIsolatoin", "goes to `SwapToIsolatoin`, which is no step"),
    "unknown onFailure target": (ISOLATE, "onFailure: Abort", "onFailure: step:Undo", "goes to `Undo`, which is no step"),
    "unreachable step": (ISOLATE, "nextStep: SwapToTransit", "nextStep: SwapToIsolation", "step `SwapToTransit` can't be reached"),
    "duplicate name": (ISOLATE, "name: SwapToIsolation", "name: SwapToTransit", "step `SwapToTransit` is there twice"),
    "step without a name": (ISOLATE, "  - name: SwapProfile\n    description", "  - description", "step 5 has no name"),
    "end without isEnd": (ISOLATE, "    isEnd: true\n", "", "step `ObserveContainment` is an end without `isEnd: true`"),
    "isEnd and nextStep": (REVOKE, "    isEnd: true\n", "    isEnd: true\n    nextStep: RecordBefore\n", "both `isEnd` and `nextStep`"),
    "endless loop": (REVOKE, "    isEnd: true\n", "    nextStep: DenyOlderSessions\n", "step `DenyOlderSessions` never comes to an end"),
    "failure passed over": (LOCK, "onFailure: Abort", "onFailure: Continue", "passes over a failed change"),
    "unknown onFailure": (LOCK, "onFailure: Abort", "onFailure: Retry", "unknown `onFailure` 'Retry'"),
    "onFailure left out": (LOCK, "    onFailure: Abort\n", "", "`onFailure` is missing"),
    "timeout left out": (LOCK, "    timeoutSeconds: 60\n", "", "`timeoutSeconds` is missing"),
    "timeout beyond the limit": (LOCK, "timeoutSeconds: 60", "timeoutSeconds: 3600", "a script runs 600 seconds at most"),
    "misspelt step key": (LOCK, "timeoutSeconds: 60", "timeoutSecond: 60", "unknown key `timeoutSecond`"),
    "unsupported action": (LOCK, "action: aws:executeAwsApi", "action: aws:runCommand", "unsupported action 'aws:runCommand'"),
    "key twice": (LOCK, "    timeoutSeconds: 60\n", "    timeoutSeconds: 60\n    timeoutSeconds: 90\n", "key `timeoutSeconds` is there twice"),
    # frame and parameters
    "schema version": (ISOLATE, "schemaVersion: '0.3'", "schemaVersion: '2.2'", "`schemaVersion` is '2.2', not '0.3'"),
    "no assumeRole": (ISOLATE, "assumeRole: '{{ AutomationAssumeRole }}'\n", "", "`assumeRole` is missing"),
    "assumeRole of no parameter": (ISOLATE, "assumeRole: '{{ AutomationAssumeRole }}'", "assumeRole: '{{ Role }}'", "`Role` is no parameter"),
    "no allowedPattern": (ISOLATE, "    allowedPattern: '^inc-[0-9a-f]{20}$'\n", "", "parameter `IncidentId`: neither `allowedPattern` nor"),
    "broken pattern": (ISOLATE, "'^inc-[0-9a-f]{20}$'", "'^inc-[0-9a-f{20}$'", "`allowedPattern` is no regular expression"),
    "open pattern": (ISOLATE, "'^inc-[0-9a-f]{20}$'", "'inc-[0-9a-f]{20}'", "`allowedPattern` is not anchored"),
    "default outside the pattern": (ISOLATE, "default: Tocsin-Quarantine", "default: 'Tocsin Quarantine'", "the default 'Tocsin Quarantine' does not match"),
    "unknown type": (ISOLATE, "type: StringList", "type: List", "unknown type 'List'"),
    # references
    "unknown parameter": (ISOLATE, "'{{ InstanceId }}'", "'{{ InstanceID }}'", "`InstanceID` is neither a parameter nor a system variable"),
    "unknown step": (ISOLATE, "{{ PrepareGroups.TransitGroup }}", "{{ MakeGroups.TransitGroup }}", "there is no step `MakeGroups`"),
    "undeclared output": (ISOLATE, "{{ RecordBefore.VpcId }}", "{{ RecordBefore.Vpc }}", "step `RecordBefore` has no output `Vpc`"),
    "used before its step": (ISOLATE, "'{{ RecordBefore.VpcId }}'", "'{{ ObserveContainment.Observation }}'", "before step `ObserveContainment` has run"),
    "document output of no step": (ISOLATE, "  - RecordBefore.LeftAlone\n", "  - RecordBefore.Left\n", "`outputs`: `RecordBefore.Left`"),
    # API steps
    "unknown service": (LOCK, "Service: s3", "Service: s4", "unknown service 's4'"),
    "unknown API": (LOCK, "Api: PutPublicAccessBlock", "Api: PutPublicAccess", "`s3` has no API 'PutPublicAccess'"),
    "unknown API parameter": (LOCK, "      Bucket: '{{", "      BucketName: '{{", "`PutPublicAccessBlock` has no parameter `BucketName`"),
    "missing API parameter": (LOCK, "      Bucket: '{{ BucketName }}'\n", "", "`PutPublicAccessBlock` needs `Bucket`"),
    "nested API parameter": (LOCK, "BlockPublicAcls: true", "BlockAcls: true", "has no parameter `BlockAcls`"),
    "wrong type": (LOCK, "BlockPublicAcls: true", "BlockPublicAcls: 'yes'", "`PutPublicAccessBlock.PublicAccessBlockConfiguration.BlockPublicAcls` is no boolean"),
    # scripts
    "syntax": (ISOLATE, "def swap_profile(events, context):", "def swap_profile(events, context)", "line 20 of the script: expected ':'"),
    "handler missing": (ISOLATE, "Handler: swap_profile", "Handler: swap_profiles", "the handler 'swap_profiles' is not in the script"),
    "handler takes too little": (ISOLATE, "def swap_profile(events, context)", "def swap_profile(events)", "does not take (events, context)"),
    "import": (REVOKE, "import datetime", "import requests", "imports `requests`"),
    "runtime": (REVOKE, "Runtime: python3.11", "Runtime: python3.8", "runtime 'python3.8' is not one of"),
    "interpolated script": (REVOKE, 'RoleName=events["role_name"]', "RoleName='{{ RoleName }}'", "reference inside the script"),
    "payload not given": (REVOKE, "        role_name: '{{ RoleName }}'\n        before", "        before", 'reads events["role_name"], which `InputPayload` does not have'),
    "payload not read": (REVOKE, "        before: '{{ Before }}'\n", "        before: '{{ Before }}'\n        more: x\n", "`InputPayload` has `more`"),
    "selector of nothing": (REVOKE, "$.Payload.revoked_before", "$.Payload.revoked", "the handler returns nothing at `$.Payload.revoked`"),
    "unknown method": (REVOKE, "put_role_policy(", "set_role_policy(", "a client of `iam` has no `set_role_policy`"),
    "unknown keyword": (REVOKE, "PolicyDocument=json", "Document=json", "`put_role_policy` has no parameter `Document`"),
    "missing keyword": (REVOKE, "                PolicyDocument=json.dumps(policy),\n", "", "`put_role_policy` needs `PolicyDocument`"),
    "unknown client": (REVOKE, 'boto3.client("iam").put', 'boto3.client("iamx").put', "unknown service 'iamx'"),
    "unknown waiter": (ISOLATE, '"security_group_exists"', '"group_exists"', "has no waiter 'group_exists'"),
    "unlike copies": (ISOLATE, 'for _ in range(20):', 'for _ in range(2):', "function `profile_association` differs"),
    # policies
    "call not allowed": (LOCK_POLICY, '        "s3:PutBucketPolicy",\n', "", "`s3:PutBucketPolicy` is not allowed, but step `MergePolicy` calls for it"),
    "more than is called": (LOCK_POLICY, '        "s3:PutBucketPolicy",\n', '        "s3:PutBucketPolicy",\n        "s3:PutBucketAcl",\n', "`s3:PutBucketAcl` is allowed, but nothing calls for it"),
    "wildcard action": (LOCK_POLICY, '"s3:PutBucketPolicy"', '"s3:Put*"', "has a wildcard action"),
    "roles to any service": ("actions/isolate-instance/policy.json", '"iam:PassedToService"', '"aws:RequestedRegion"', "passes roles to any service"),
    "statement without Sid": (LOCK_POLICY, '"Sid": "LockAndRestoreBucketsOfTheAccount",', "", "a statement has no `Sid`"),
    "broken JSON": (LOCK_POLICY, '"Version": "2012-10-17",', '"Version": "2012-10-17"', "Expecting ',' delimiter"),
    # folders
    "contract output missing": (LOCK, "  - ObserveContainment.Observation\n", "", "the output `ObserveContainment.Observation` is missing"),
    "not recorded first": (REVOKE, "  - name: RecordBefore\n", "  - name: RecordState\n", "the first step is not `RecordBefore`"),
    "not deployed": ("member.yaml", "Location: actions/lock-bucket/reversal.yaml", "Location: actions/lock-bucket/document.yaml", "`actions/lock-bucket/reversal.yaml` is not deployed"),
}
# fmt: on


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_planted_fault_is_found(infra, fault):
    file, old, new, said = FAULTS[fault]
    change(infra, file, old, new)
    findings = lint(infra)
    assert any(
        said in finding and finding.startswith(str(pathlib.Path(file).parent).removesuffix(".")) for finding in findings
    ), findings


def test_unused_parameter_is_found(infra):
    path = infra / ISOLATE
    path.write_text(path.read_text().replace("'{{ QuarantineProfile }}'", "'Tocsin-Quarantine'"))
    assert any("parameter `QuarantineProfile` is never used" in finding for finding in lint(infra))


def test_wildcard_resource_needs_its_reason(infra):
    path = infra / "actions/isolate-instance/README.md"
    path.write_text(path.read_text().replace("`DescribeTakesNoResource`", "Describe"))
    expected = 'statement `DescribeTakesNoResource` has `"Resource": "*"`, and README.md gives no reason for it'
    assert any(expected in finding for finding in lint(infra))


def test_output_of_a_step_that_may_be_skipped_is_found(infra):
    """A branch around a step: its output is declared, but not there on every way."""
    change(infra, ISOLATE, "nextStep: PrepareGroups", "nextStep: IsNeeded")
    branch = """  - name: IsNeeded
    action: aws:branch
    inputs:
      Choices:
        - NextStep: PrepareGroups
          Variable: '{{ RecordBefore.VpcId }}'
          StringEquals: vpc
      Default: SwapToTransit

"""
    change(infra, ISOLATE, "  - name: PrepareGroups\n", branch + "  - name: PrepareGroups\n")
    assert any("`PrepareGroups.TransitGroup` is used before step `PrepareGroups` has run" in finding for finding in lint(infra))


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("$.SecurityGroups[0].GroupId", None),
        ("$.SecurityGroups[0].Id", "the answer has no `Id`"),
        ("SecurityGroups", "does not start with"),
    ],
)
def test_selectors_are_checked_against_the_answer(infra, selector, said):
    inputs = (
        f"      Service: ec2\n      Api: DescribeSecurityGroups\n      PropertySelector: {selector}\n      DesiredValues: [x]"
    )
    step = WAIT_STEP.format(name="WaitForGroup", action="aws:waitForAwsResourceProperty", inputs=inputs)
    change(infra, ISOLATE, "nextStep: ObserveContainment", "nextStep: WaitForGroup")
    change(infra, ISOLATE, "\n  - name: ObserveContainment\n", f"{step}\n  - name: ObserveContainment\n")
    findings = lint(infra)
    assert findings == [] if said is None else any(said in finding for finding in findings), findings


def test_property_steps_need_their_own_inputs(infra):
    inputs = "      Service: ec2\n      Api: DescribeSecurityGroups"
    step = WAIT_STEP.format(name="AssertGroup", action="aws:assertAwsResourceProperty", inputs=inputs)
    change(infra, ISOLATE, "nextStep: ObserveContainment", "nextStep: AssertGroup")
    change(infra, ISOLATE, "\n  - name: ObserveContainment\n", f"{step}\n  - name: ObserveContainment\n")
    findings = lint(infra)
    assert [finding for finding in findings if "is missing" in finding] == [
        f"{ISOLATE}: step `AssertGroup`: `PropertySelector` is missing",
        f"{ISOLATE}: step `AssertGroup`: `DesiredValues` is missing",
    ]


@pytest.mark.parametrize("file", ["document.yaml", "reversal.yaml", "policy.json", "README.md"])
def test_incomplete_action_is_found(infra, file):
    (infra / "actions/lock-bucket" / file).unlink()
    assert any(finding == f"actions/lock-bucket: `{file}` is missing" for finding in lint(infra))


@pytest.mark.parametrize("file", ["document.yaml", "policy.json", "README.md"])
def test_incomplete_preservation_is_found(infra, file):
    (infra / "preservation/snapshot-volumes" / file).unlink()
    assert any(finding == f"preservation/snapshot-volumes: `{file}` is missing" for finding in lint(infra))


def test_empty_folder_is_no_success(tmp_path):
    assert lint(tmp_path) == [f"{tmp_path}: there is no folder in `actions`"]


def test_command_exits_1_with_findings_and_0_without(infra):
    command = [sys.executable, pathlib.Path(__file__).with_name("ssm_lint.py"), infra]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    change(infra, LOCK, "Api: PutPublicAccessBlock", "Api: PutPublicAccess")
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "`s3` has no API 'PutPublicAccess'" in failed.stderr
