"""What belongs together in different files is held together, and a piece that is missing is named."""

import pathlib
import shutil

import contracts
import function_table
import library_contracts
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
RESPONDER, MEMBER = "infra/responder.yaml", "infra/member.yaml"
RESPONSE, NOTIFICATION = "statemachines/incident-response.asl.json", "statemachines/notification.asl.json"
CLOSE = "CloseIncident"
# Lines of the template that faults are planted in.
MAY_CLOSE = f"                - !GetAtt {CLOSE}Function.Arn\n"
TIMED_OUT = """MetricName: ExecutionsTimedOut
              Dimensions: [{Name: StateMachineArn, Value: !Ref NotificationStateMachine}]"""


@pytest.mark.parametrize("check", contracts.CHECKS + library_contracts.CHECKS, ids=lambda check: check.__name__)
def test_our_files_fit_together(check):
    assert check(REPOSITORY) == []


def test_the_readme_has_the_table_of_functions():
    written = function_table.in_readme((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert written == function_table.table(REPOSITORY), "run `python tests/acceptance/function_table.py --write`"


@pytest.fixture
def root(tmp_path):
    """A copy of what the checks read."""
    for folder in ("functions", "infra", "statemachines"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("fixtures", "golden"))
    shutil.copytree(REPOSITORY / "tests/acceptance/targets", tmp_path / "tests/acceptance/targets")
    for pattern in tmp_path.glob("functions/incident/src/sources/*/pattern.json"):
        (pattern.parent / "fixtures").mkdir()
    return tmp_path


def change(file, old, new):
    def plant(root):
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, f"`{old}` is no longer in {file}: plant the fault elsewhere"
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def remove(file):
    def plant(root):
        path = root / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return plant


def copy(source, target):
    return lambda root: shutil.copytree(root / source, root / target)


def append(file, text):
    def plant(root):
        with (root / file).open("a", encoding="utf-8") as opened:
            opened.write(text)

    return plant


# name -> (the check, the planted fault, what it must say)
FAULTS = {
    # functions
    "a crate that is not deployed": (
        contracts.function_faults,
        copy("functions/send-notice", "functions/send-reminder"),
        "functions/send-reminder: infra/responder.yaml has no `SendReminderFunction`",
    ),
    "a function without a crate": (
        contracts.function_faults,
        remove("functions/send-notice"),
        "SendNoticeFunction: there is no crate for it in functions/",
    ),
    "a function of another name": (
        contracts.function_faults,
        change(RESPONDER, "FunctionName: tocsin-send-notice", "FunctionName: tocsin-sender"),
        "SendNoticeFunction: `FunctionName` is `tocsin-sender`, not `tocsin-send-notice`",
    ),
    "the code of another function": (
        contracts.function_faults,
        change(RESPONDER, "CodeUri: ../target/lambda/draft-notice/", "CodeUri: ../target/lambda/send-notice/"),
        "DraftNoticeFunction: `CodeUri` is `../target/lambda/send-notice/`, not `../target/lambda/draft-notice/`",
    ),
    "a crate of another name": (
        contracts.function_faults,
        change("functions/send-notice/Cargo.toml", 'name = "send-notice"', 'name = "sender"'),
        "functions/send-notice: the crate is called `sender`",
    ),
    "a handler without a library": (
        contracts.function_faults,
        remove("functions/send-notice/src/lib.rs"),
        "functions/send-notice: `src/lib.rs` is missing",
    ),
    "a main that does more than wire": (
        contracts.function_faults,
        append("functions/send-notice/src/main.rs", "// more\n" * 40),
        "functions/send-notice: `src/main.rs` has 60 lines; it only wires, in 35 at most",
    ),
    # states
    "a state of another name": (
        contracts.state_faults,
        lambda root: [change(RESPONSE, f'{quote}CloseIncident"', f'{quote}Close"')(root) for quote in ('"Default": "', '"Next": "', '"')],
        "incident-response: the state that calls `CloseIncidentFunction` is called `Close`",
    ),
    "a state that calls no function of ours": (
        contracts.state_faults,
        change(RESPONSE, "${CloseIncidentFunctionArn}", "${EndIncidentFunctionArn}"),
        "incident-response: `CloseIncident` calls `${EndIncidentFunctionArn}`, which is no function of the template",
    ),
    "a function that nothing calls": (
        contracts.state_faults,
        change(RESPONSE, "${CloseIncidentFunctionArn}", "${AssessObligationsFunctionArn}"),
        "CloseIncidentFunction: no state calls it, and it has no trigger",
    ),
    "a state that ends before its function": (
        contracts.state_faults,
        change(RESPONSE, '"TimeoutSeconds": 120', '"TimeoutSeconds": 20'),
        "incident-response: `CloseIncident` ends after 20 s, its function only after 55 s",
    ),
    # state machines
    "a machine that is not deployed": (
        contracts.machine_faults,
        lambda root: shutil.copy(root / NOTIFICATION, root / "statemachines/reminder.asl.json"),
        "reminder: infra/responder.yaml has no `ReminderStateMachine`",
    ),
    "a substitution by another function": (
        contracts.machine_faults,
        change(RESPONDER, f"{CLOSE}FunctionArn: !GetAtt {CLOSE}Function.Arn", f"{CLOSE}FunctionArn: !GetAtt SendNoticeFunction.Arn"),
        'IncidentResponseStateMachine: `CloseIncidentFunctionArn` is substituted by {"Fn::GetAtt": ["SendNoticeFunction", "Arn"]}',
    ),
    "another machine that may send": (
        contracts.machine_faults,
        change(RESPONDER, MAY_CLOSE, MAY_CLOSE + MAY_CLOSE.replace(CLOSE, "SendNotice")),
        "IncidentResponseStateMachine: may `lambda:InvokeFunction` on `SendNoticeFunction`, which it never calls",
    ),
    "a machine that may call everything": (
        contracts.machine_faults,
        change(RESPONDER, MAY_CLOSE, MAY_CLOSE.replace(f"!GetAtt {CLOSE}Function.Arn", '"*"')),
        "IncidentResponseStateMachine: may `lambda:InvokeFunction` on `*`, which it never calls",
    ),
    "a machine that may not do its work": (
        contracts.machine_faults,
        change(RESPONDER, "                - !Ref NotificationStateMachine\n", ""),
        "IncidentResponseStateMachine: may not `states:StartExecution` on `NotificationStateMachine`, which it calls",
    ),
    "a machine that nobody watches": (
        contracts.machine_faults,
        change(RESPONDER, TIMED_OUT, TIMED_OUT.replace("ExecutionsTimedOut", "ExecutionsSucceeded")),
        "NotificationStateMachine: no alarm pages when an execution fails, times out or is aborted",
    ),
    # settings
    "a setting that is not set": (
        contracts.setting_faults,
        change(RESPONDER, "          NOTICE_SENDER: !Ref NoticeSender\n", ""),
        "SendNoticeFunction: the crate reads `NOTICE_SENDER`, which the template does not set",
    ),
    "a setting that nothing reads": (
        contracts.setting_faults,
        change("functions/send-notice/src/main.rs", 'required("NOTICE_SENDER")?', "String::new()"),
        "SendNoticeFunction: the template sets `NOTICE_SENDER`, which the crate does not read",
    ),
    "a number that is not set": (
        contracts.setting_faults,
        change(RESPONDER, "          ACTIVITY_DAYS: !Ref ActivityDays\n", ""),
        "PreserveEvidenceFunction: the crate reads `ACTIVITY_DAYS`, which the template does not set",
    ),
    # keys of the table
    "keys that a function may not touch": (
        contracts.partition_faults,
        change(RESPONDER, '["INCIDENT#*", "GATE#*", "REVIEWS"]', '["INCIDENT#*", "GATE#*"]'),
        "RequestLegalReviewFunction: may not touch `REVIEWS`, which its code does",
    ),
    "task tokens that another function may read": (
        contracts.partition_faults,
        change(RESPONDER, '"FINDING#*", "TIE#*", "REGISTER"]', '"FINDING#*", "TIE#*", "REGISTER", "GATE#*"]'),
        "ReceiveFindingFunction: may touch `GATE#*`, which its code never does",
    ),
    "task tokens that a lawyer may read": (
        contracts.partition_faults,
        change(RESPONDER, '["INCIDENT#*", "REVIEWS", "REGISTER"]', '["INCIDENT#*", "REVIEWS", "REGISTER", "GATE#*"]'),
        "LegalReviewerPolicy: may touch `GATE#*`, which its code never does",
    ),
    "keys that moved": (
        contracts.partition_faults,
        change("functions/incident/src/records/key.rs", 'format!("TIE#{}"', 'format!("THING#{}"'),
        "ReceiveFindingFunction: may not touch `THING#*`, which its code does",
    ),
    # the queue
    "a message that comes back too soon": (
        contracts.queue_faults,
        change(RESPONDER, "VisibilityTimeout: 330", "VisibilityTimeout: 60"),
        "FindingsQueue: `VisibilityTimeout` is 60, less than six times 55",
    ),
    # actions
    "an action without a policy": (
        library_contracts.action_faults,
        remove("infra/actions/lock-bucket/policy.json"),
        "infra/actions/lock-bucket: `policy.json` is missing",
    ),
    "an action that is never tried": (
        library_contracts.action_faults,
        copy("infra/actions/lock-bucket", "infra/actions/lock-key"),
        "infra/actions/lock-key: nothing in tests/acceptance/targets is tried with it",
    ),
    # sources
    "a source without a pattern": (
        library_contracts.source_faults,
        remove("functions/incident/src/sources/guardduty/pattern.json"),
        "sources/guardduty: `pattern.json` is missing",
    ),
    "a source without a rule": (
        library_contracts.source_faults,
        copy("functions/incident/src/sources/guardduty", "functions/incident/src/sources/detective"),
        "sources/detective: no rule of infra/responder.yaml has its pattern",
    ),
    "a rule without a source": (
        library_contracts.source_faults,
        remove("functions/incident/src/sources/guardduty"),
        "GuardDutyRule: its pattern is of no source: ../functions/incident/src/sources/guardduty/pattern.json",
    ),
    "a rule of another name": (
        library_contracts.source_faults,
        change(RESPONDER, "Name: tocsin-guardduty", "Name: tocsin-detector"),
        "GuardDutyRule: `Name` is `tocsin-detector`, not `tocsin-guardduty`",
    ),
    "a known type among the unknown": (
        library_contracts.source_faults,
        change(RESPONDER, "              - Macie Finding\n", ""),
        "UnclassifiedRule: `Macie Finding` is read by sources/macie",
    ),
    "a rule that loses findings": (
        library_contracts.source_faults,
        change(RESPONDER, "          DeadLetterConfig: {Arn: !GetAtt DeadLetterQueue.Arn}\n", ""),
        "GuardDutyRule: what it cannot deliver is lost",
    ),
    # notices
    "a notice without German": (
        library_contracts.notice_faults,
        change("functions/incident/notices/gdpr-art33-authority/notice.toml", '"de", ', ""),
        "notices/gdpr-art33-authority: `de` is missing",
    ),
    "a notice that there is not": (
        library_contracts.notice_faults,
        remove("functions/incident/notices/gdpr-art33-authority"),
        "obligation EU-GDPR-33-1: there is no notice `gdpr-art33-authority`",
    ),
    "a notice without its template": (
        library_contracts.notice_faults,
        remove("functions/incident/notices/gdpr-art33-authority/notice.j2"),
        "notices/gdpr-art33-authority: `notice.j2` is missing",
    ),
    "a notice that nobody sends": (
        library_contracts.notice_faults,
        copy("functions/incident/notices/gdpr-art33-authority", "functions/incident/notices/gdpr-art34-people"),
        "notices/gdpr-art34-people: no obligation names it",
    ),
    "a notice without its checklist": (
        library_contracts.notice_faults,
        remove("functions/incident/notices/gdpr-art33-authority/notice.toml"),
        "notices/gdpr-art33-authority: `notice.toml` is missing",
    ),
    "a language without its words": (
        library_contracts.notice_faults,
        remove("functions/incident/notices/words/de.toml"),
        "notices/words: `de.toml` is missing",
    ),
    # playbooks
    "an action that there is not": (
        library_contracts.playbook_faults,
        change("functions/incident/playbooks/bucket-exposure.toml", '"lock-bucket"', '"lock-buckets"'),
        "playbooks/bucket-exposure.toml: there is no action `lock-buckets`",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_piece_that_does_not_fit_is_named(root, name):
    check, plant, expected = FAULTS[name]
    plant(root)
    found = check(root)
    assert expected in found, found


def test_a_table_that_is_out_of_date_is_found(root):
    before = function_table.table(root)
    change(RESPONDER, "Description: Sends an approved notice, once.", "Description: Sends a notice.")(root)
    assert function_table.table(root) != before


def test_a_readme_without_the_markers_has_no_table():
    assert function_table.in_readme("# Tocsin\n") is None
