"""The linter of the state machines: our own pass, and each check catches a planted fault; and what their expressions decide."""

import json
import pathlib
import shutil
import subprocess
import sys

import jsonata
import pytest
from asl import load_all
from asl_lint import lint
from asl_variables import tokens, variables

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MACHINES = REPOSITORY / "statemachines"
TEMPLATE = REPOSITORY / "infra" / "responder.yaml"
CONTAINMENT, EVIDENCE, RESPONSE, NOTIFICATION = "containment", "evidence-preservation", "incident-response", "notification"
APPROVAL, COPIES = "containment-approval", "object-copies"


@pytest.fixture
def folder(tmp_path):
    return pathlib.Path(shutil.copytree(MACHINES, tmp_path / "statemachines"))


def change(folder, machine, alter):
    path = folder / f"{machine}.asl.json"
    definition = json.loads(path.read_text(encoding="utf-8"))
    alter(definition["States"])
    path.write_text(json.dumps(definition), encoding="utf-8")


def replace(folder, machine, old, new):
    path = folder / f"{machine}.asl.json"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"`{old}` is no longer in {machine}: plant the fault elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def steps(states):
    return states["RunWaves"]["ItemProcessor"]["States"]["RunSteps"]["ItemProcessor"]["States"]


def order(states):
    return states["CopyOrders"]["ItemProcessor"]["States"]


def test_own_state_machines_have_no_findings():
    assert lint(MACHINES, TEMPLATE) == []


# name -> (the machine, the change, what the linter must say)
FAULTS = {
    # time-outs
    "a task without a time-out": (EVIDENCE, lambda s: s["SealCustody"].pop("TimeoutSeconds"), "`SealCustody`: no `TimeoutSeconds`"),
    "a heartbeat as long as the time-out": (
        EVIDENCE,
        lambda s: s["SealCustody"].update(HeartbeatSeconds=120),
        "`SealCustody`: `HeartbeatSeconds` 120 is not below `TimeoutSeconds` 120",
    ),
    # retries
    "a change that is repeated like a reading": (
        COPIES,
        lambda s: s["ListOrders"].update(Resource="arn:${Partition}:states:::aws-sdk:s3:putObject"),
        "`ListOrders`: retries on `S3.S3Exception`",
    ),
    "a retry of everything": (
        NOTIFICATION,
        lambda s: s["SendNotice"]["Retry"][0]["ErrorEquals"].append("States.ALL"),
        "`SendNotice`: retries on `States.ALL`",
    ),
    "a retry of a failed task": (
        CONTAINMENT,
        lambda s: steps(s)["StartContainment"]["Retry"][0].update(ErrorEquals=["States.TaskFailed"]),
        "`StartContainment`: retries on `States.TaskFailed`",
    ),
    "a retry of a refusal": (
        RESPONSE,
        lambda s: s["CloseIncident"]["Retry"][1]["ErrorEquals"].append("Incident.Rejected"),
        "`CloseIncident`: retries on `Incident.Rejected`",
    ),
    "a retry without an end": (
        EVIDENCE,
        lambda s: s["PreserveEvidence"]["Retry"][0].pop("MaxAttempts"),
        "`PreserveEvidence`: a retry without `MaxAttempts`",
    ),
    "a retry without jitter": (
        EVIDENCE,
        lambda s: s["PreserveEvidence"]["Retry"][1].pop("JitterStrategy"),
        "`PreserveEvidence`: a retry without `JitterStrategy`",
    ),
    "a retry whose jitter is off": (
        EVIDENCE,
        lambda s: s["PreserveEvidence"]["Retry"][1].update(JitterStrategy="NONE"),
        "`PreserveEvidence`: a retry with `JitterStrategy` NONE",
    ),
    "a retry that waits ever longer": (
        EVIDENCE,
        lambda s: s["PreserveEvidence"]["Retry"][0].pop("MaxDelaySeconds"),
        "`PreserveEvidence`: a retry without `MaxDelaySeconds`",
    ),
    "no retry of what passes": (EVIDENCE, lambda s: s["SealCustody"]["Retry"].pop(0), "`SealCustody`: does not retry `Incident.Transient`"),
    # catches
    "no catch": (NOTIFICATION, lambda s: s["SendNotice"].pop("Catch"), "`SendNotice`: nothing is caught"),
    "no catch inside a Map": (
        CONTAINMENT,
        lambda s: steps(s)["PageOperatorAboutReversal"].pop("Catch"),
        "`PageOperatorAboutReversal`: nothing is caught",
    ),
    "a last catch of one error": (
        NOTIFICATION,
        lambda s: s["SendNotice"]["Catch"][0].update(ErrorEquals=["States.Timeout"]),
        "`SendNotice`: the last catcher is not `States.ALL`",
    ),
    "a catch after the last": (
        NOTIFICATION,
        lambda s: s["RequestLegalReview"]["Catch"].reverse(),
        "`RequestLegalReview`: a catcher follows `States.ALL`",
    ),
    # transitions
    "a dangling next": (EVIDENCE, lambda s: s["SealCustody"].update(Next="EvidenceSealt"), "goes to `EvidenceSealt`, which is no state"),
    "a dangling catch": (
        EVIDENCE,
        lambda s: s["SealCustody"]["Catch"][0].update(Next="PageOperator"),
        "goes to `PageOperator`, which is no state",
    ),
    "a dangling choice": (
        EVIDENCE,
        lambda s: s["IsEvidencePreserved"]["Choices"][0].update(Next="Seal"),
        "goes to `Seal`, which is no state",
    ),
    "a way into a Map": (
        CONTAINMENT,
        lambda s: s["PlanContainment"].update(Next="StartContainment"),
        "goes to `StartContainment`, which is inside another state",
    ),
    "a state that nothing leads to": (
        EVIDENCE,
        lambda s: s["IsEvidencePreserved"].update(Default="AwaitSources"),
        "state `NoteSlowSources` can't be reached",
    ),
    "a choice without a default": (EVIDENCE, lambda s: s["IsEvidencePreserved"].pop("Default"), "`IsEvidencePreserved`: no `Default`"),
    "a state with two ways on": (EVIDENCE, lambda s: s["SealCustody"].update(End=True), "`SealCustody`: needs one of `Next` and `End`"),
    "a name used twice": (
        CONTAINMENT,
        lambda s: steps(s).update(NeedsOperator={"Type": "Pass", "End": True}),
        "state `NeedsOperator` is there twice",
    ),
    # service integrations
    "an unknown integration": (
        EVIDENCE,
        lambda s: s["SealCustody"].update(Resource="arn:${Partition}:states:::lambda:invoke.sync"),
        "unknown service integration `lambda:invoke.sync`",
    ),
    "an unknown service": (
        EVIDENCE,
        lambda s: s["SealCustody"].update(Resource="arn:${Partition}:states:::aws-sdk:dynamo:putItem"),
        "`aws-sdk` has no service `dynamo`",
    ),
    "an unknown operation": (
        EVIDENCE,
        lambda s: s["SealCustody"].update(Resource="arn:${Partition}:states:::aws-sdk:dynamodb:putItems"),
        "`aws-sdk:dynamodb` has no operation `putItems`",
    ),
    "a partition written out": (
        EVIDENCE,
        lambda s: s["SealCustody"].update(Resource="arn:aws:states:::lambda:invoke"),
        "not a service integration under `arn:${Partition}:states:::`",
    ),
    "a function written out": (
        EVIDENCE,
        lambda s: s["SealCustody"]["Arguments"].update(FunctionName="tocsin-seal-custody"),
        "`FunctionName` is not a substitution",
    ),
    "a wait for a token that nobody has": (
        NOTIFICATION,
        lambda s: s["RequestLegalReview"]["Arguments"]["Payload"].pop("token"),
        "waits for a task token that its arguments do not hold",
    ),
    "a token that nobody waits for": (
        NOTIFICATION,
        lambda s: s["RequestLegalReview"].update(Resource="arn:${Partition}:states:::lambda:invoke"),
        "hands out a task token, but does not wait for it",
    ),
    # substitutions
    "an unknown substitution": (
        EVIDENCE,
        lambda s: s["SealCustody"]["Arguments"].update(FunctionName="${SealEvidenceFunctionArn}"),
        "`${SealEvidenceFunctionArn}` is not in the template's `DefinitionSubstitutions`",
    ),
    "an unused substitution": (
        EVIDENCE,
        lambda s: s["SealCustody"]["Arguments"].update(FunctionName="${PageOperatorFunctionArn}"),
        "the template substitutes `SealCustodyFunctionArn`, which nothing uses",
    ),
    # expressions
    "an expression that does not parse": (
        CONTAINMENT,
        lambda s: s["RunWaves"].update(Items="{% $states.input.waves[ %}"),
        "`RunWaves`: `Items` does not parse",
    ),
    "an expression inside a text": (
        CONTAINMENT,
        lambda s: s["NeedsOperator"].update(Cause="paged: {% $failure.Error %}"),
        "`NeedsOperator`: `Cause` has an expression inside a text",
    ),
    "a misspelt function": (
        CONTAINMENT,
        lambda s: s["IsThereAnAction"]["Choices"][0].update(Condition="{% $coutn($states.input.waves) = 0 %}"),
        "unknown function `$coutn`",
    ),
    "a function that Step Functions does not have": (
        CONTAINMENT,
        lambda s: s["RunWaves"].update(Items="{% $eval('[]') %}"),
        "unknown function `$eval`",
    ),
    "a result before the work": (
        CONTAINMENT,
        lambda s: s["RunWaves"].update(Items="{% $states.result.waves %}"),
        "`$states.result` is there only after the work",
    ),
    "an error outside a catcher": (
        NOTIFICATION,
        lambda s: s["NoteUnknownDecision"].update(Assign={"failure": "{% $states.errorOutput %}"}),
        "`$states.errorOutput` is there only in a catcher",
    ),
    "a misspelt member": (
        NOTIFICATION,
        lambda s: s["ReadObligation"]["Assign"].update(incident="{% $states.inputs.incident %}"),
        "`$states` has no `inputs`",
    ),
    # variables
    "a variable that is never assigned": (
        NOTIFICATION,
        lambda s: s["SendNotice"]["Arguments"]["Payload"].update(version="{% $version %}"),
        "`SendNotice`: `Arguments.Payload.version` reads `$version`",
    ),
    "a variable that one way does not assign": (
        NOTIFICATION,
        lambda s: s["NoteUnknownDecision"].pop("Assign"),
        "`PageOperatorAboutNotice`: `Arguments.Payload.reason` reads `$failure`",
    ),
    "a variable of another branch": (
        CONTAINMENT,
        lambda s: s["NotContained"].update(Cause="{% $step.action %}"),
        "`NotContained`: `Cause` reads `$step`",
    ),
    "a variable that is assigned too late": (
        EVIDENCE,
        lambda s: s["ReadIncident"]["Assign"].pop("polls"),
        "`PreserveEvidence`: `Assign.polls` reads `$polls`",
    ),
    "an outer variable assigned inside": (
        CONTAINMENT,
        lambda s: steps(s)["ReadStep"]["Assign"].update(incident="{% $states.input.incident %}"),
        "`ReadStep` assigns `incident`, which belongs to an outer scope",
    ),
    "a variable of the execution around an item": (
        COPIES,
        lambda s: order(s)["CopyObjects"]["Arguments"].update(Payload={"incident": "{% $incident %}"}),
        "`CopyObjects`: `Arguments.Payload.incident` reads `$incident`",
    ),
    # history
    "a poll too often": (
        CONTAINMENT,
        lambda s: steps(s)["IsContained"]["Choices"][1].update(Condition="{% $states.input.state = 'in-progress' and $polls < 600 %}"),
        "`IsContained`: polling adds up to 5400 events to the history",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(folder, name):
    machine, alter, expected = FAULTS[name]
    change(folder, machine, alter)
    found = lint(folder, TEMPLATE)
    assert any(expected in finding for finding in found), found


def test_a_key_twice_is_found(folder):
    replace(folder, EVIDENCE, '"TimeoutSeconds": 300,', '"TimeoutSeconds": 300, "TimeoutSeconds": 30,')
    assert lint(folder, TEMPLATE) == ["evidence-preservation.asl.json: key `TimeoutSeconds` is there twice"]


def test_a_machine_without_a_time_out_is_found(folder):
    replace(folder, EVIDENCE, '"TimeoutSeconds": 86400,', "")
    assert "evidence-preservation: the machine has no `TimeoutSeconds`" in lint(folder, TEMPLATE)


def test_a_machine_that_is_not_deployed_is_found(folder):
    shutil.copy(folder / f"{EVIDENCE}.asl.json", folder / "forgotten.asl.json")
    assert "forgotten: no state machine of the template has this definition" in lint(folder, TEMPLATE)


def test_the_command_exits_with_1_and_names_the_finding(folder):
    change(folder, EVIDENCE, lambda states: states["SealCustody"].pop("TimeoutSeconds"))
    command = [sys.executable, str(REPOSITORY / "tests/acceptance/asl_lint.py"), str(folder), str(TEMPLATE)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "state `SealCustody`: no `TimeoutSeconds`" in run.stderr


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("$draft.version", {"draft"}),
        ("$count($states.input.list[$ > $limit])", {"limit"}),
        ("($part := $whole / 2; $part + $rest)", {"whole", "rest"}),
        ("$map($items, function($item, $index) { $item & $suffix })", {"items", "suffix"}),
        ("$replace($text, /\\$no/, '$neither')", {"text"}),
    ],
)
def test_the_variables_of_an_expression(expression, read):
    assert tokens(expression)
    assert variables(expression) == read


def decide(expression: str, variables: dict | None = None, **states):
    compiled = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    frame = compiled.create_frame()
    for name, value in {"states": states, **(variables or {})}.items():
        frame.bind(name, value)
    return compiled.evaluate(None, frame)


YES, NO = {"contained": True}, {"contained": False}


@pytest.mark.parametrize(
    ("waves", "contained"),
    [
        ([[YES], [YES]], True),
        ([[YES, YES], [YES]], True),
        ([], True),
        ([[]], True),
        ([[NO]], False),
        ([[YES], [NO]], False),
        ([[YES, NO]], False),
        ([[YES, NO], [YES]], False),
        ([[NO, NO]], False),
    ],
)
def test_one_step_that_failed_is_enough_not_to_be_contained(waves, contained):
    output = load_all(MACHINES)[CONTAINMENT].states["RunWaves"].body["Output"]["contained"]
    assert decide(output, result=waves) is contained


@pytest.mark.parametrize(
    ("state", "polls", "goes_to"),
    [
        ("contained", 1, "StepContained"),
        ("contained", 120, "StepContained"),
        ("in-progress", 119, "AwaitAutomation"),
        ("in-progress", 120, "NoteFailure"),
        ("failed", 1, "NoteFailure"),
        (None, 1, "NoteFailure"),
    ],
)
def test_what_is_not_contained_is_reversed(state, polls, goes_to):
    choice = load_all(MACHINES)[CONTAINMENT].states["IsContained"].body
    held = [rule["Next"] for rule in choice["Choices"] if decide(rule["Condition"], {"polls": polls}, input={"state": state}) is True]
    assert (held or [choice["Default"]])[0] == goes_to


@pytest.mark.parametrize(("results", "failed"), [([{"failed": False}, {"failed": True}], True), ([{"failed": False}, {"state": "joined"}], False)])
def test_a_phase_that_failed_is_told(results, failed):
    output = load_all(MACHINES)[RESPONSE].states["Respond"].body["Output"]["failed"]
    assert decide(output, result=results) is failed


@pytest.mark.parametrize(
    ("decision", "goes_to"),
    [
        ({"approved": True, "order": "ord-1", "declined": 0}, "RunContainment"),
        ({"approved": False, "order": None, "declined": 2}, "StepsDeclined"),
        ({"approved": True, "order": None}, "NoteUnknownDecision"),
        ({"approved": True}, "NoteUnknownDecision"),
        ({"approved": "true", "order": "ord-1"}, "NoteUnknownDecision"),
        ({"approved": [True], "order": ["ord-1"]}, "NoteUnknownDecision"),
        ({"order": "ord-1"}, "NoteUnknownDecision"),
        ({}, "NoteUnknownDecision"),
        (None, "NoteUnknownDecision"),
    ],
)
def test_only_an_approval_that_names_its_order_is_carried_out(decision, goes_to):
    choice = load_all(MACHINES)[APPROVAL].states["IsContainmentApproved"].body
    held = [rule["Next"] for rule in choice["Choices"] if decide(rule["Condition"], input=decision) is True]
    assert (held or [choice["Default"]])[0] == goes_to


@pytest.mark.parametrize(("asked", "goes_to"), [(1, "PageOperatorAboutUnansweredApproval"), (8, "PageOperatorAboutAbandonedApproval")])
def test_an_approval_is_asked_for_so_often_and_no_more(asked, goes_to):
    choice = load_all(MACHINES)[APPROVAL].states["IsAskedAgain"].body
    held = [rule["Next"] for rule in choice["Choices"] if decide(rule["Condition"], {"asked": asked, "attempts": 8})]
    assert (held or [choice["Default"]])[0] == goes_to


@pytest.mark.parametrize(
    ("contained", "approvals", "goes_to"),
    [(True, 0, "Contained"), (True, 1, "ApprovalAwaited"), (False, 0, "NotContained"), (False, 1, "NotContained")],
)
def test_nothing_counts_as_contained_as_long_as_steps_wait(contained, approvals, goes_to):
    choice = load_all(MACHINES)[CONTAINMENT].states["IsEveryStepContained"].body
    states = {"contained": contained}
    held = [rule["Next"] for rule in choice["Choices"] if decide(rule["Condition"], {"approvals": approvals}, input=states) is True]
    assert (held or [choice["Default"]])[0] == goes_to


@pytest.mark.parametrize(
    ("approvals", "has_awaited", "goes_to"), [([], False, "ResponseEnded"), (["apr-1"], False, "AwaitApprovals"), (["apr-1"], True, "ResponseEnded")]
)
def test_a_response_waits_for_approvals_once(approvals, has_awaited, goes_to):
    choice = load_all(MACHINES)[RESPONSE].states["HasOpenApprovals"].body
    (rule,) = choice["Choices"]
    holds = decide(rule["Condition"], {"has_awaited_approvals": has_awaited}, input={"approvals": approvals}) is True
    assert (rule["Next"] if holds else choice["Default"]) == goes_to


def test_the_order_reaches_the_plan_and_is_null_without_one():
    assign = load_all(MACHINES)[CONTAINMENT].states["ReadIncident"].body["Assign"]["order"]
    assert decide(assign, input={"incident": "inc-1", "order": "ord-1"}) == "ord-1"
    assert decide(assign, input={"incident": "inc-1"}) is None


@pytest.mark.parametrize(
    ("answer", "polls", "goes_to"),
    [
        ({"state": "copied", "altered": 0}, 1, "OrderCopied"),
        ({"state": "copied", "altered": 2}, 1, "NoteAlteredObjects"),
        ({"state": "copied"}, 1, "NoteAlteredObjects"),
        ({"state": "in-progress", "altered": 0}, 999, "AwaitCopy"),
        ({"state": "in-progress", "altered": 0}, 1000, "NoteUnfinishedOrder"),
        ({}, 1, "NoteUnfinishedOrder"),
    ],
)
def test_an_order_is_copied_when_all_of_it_is_as_s3_keeps_it(answer, polls, goes_to):
    choice = load_all(MACHINES)[COPIES].states["IsOrderCopied"].body
    held = [rule["Next"] for rule in choice["Choices"] if decide(rule["Condition"], {"polls": polls}, input=answer) is True]
    assert (held or [choice["Default"]])[0] == goes_to


DONE, FAILED = {"copied": True}, {"copied": False, "order": "ab12 (Incident.Altered)"}
ENDED = {"Status": "FAILED", "Name": "4711"}


@pytest.mark.parametrize(
    ("results", "earlier", "not_copied"),
    [
        ([DONE, DONE], [], []),
        ([DONE], ["cd34"], ["cd34"]),
        ([DONE, FAILED], [], ["ab12 (Incident.Altered)"]),
        ([FAILED], ["cd34"], ["cd34", "ab12 (Incident.Altered)"]),
        ([ENDED, DONE, ENDED], [], ["one whose execution failed"] * 2),
    ],
)
def test_every_order_that_does_not_say_that_it_is_copied_is_counted(results, earlier, not_copied):
    states = load_all(MACHINES)[COPIES].states
    counted = decide(states["CopyOrders"].body["Assign"]["not_copied"], {"not_copied": earlier}, result=results)
    assert counted == not_copied
    (rule,) = states["IsEveryOrderCopied"].body["Choices"]
    assert decide(rule["Condition"], {"not_copied": counted}) is (not not_copied)


@pytest.mark.parametrize(
    ("listed", "orders", "after"),
    [
        ({"Contents": [{"Key": "a"}, {"Key": "b"}], "IsTruncated": True}, ["a", "b"], "b"),
        ({"Contents": [{"Key": "a"}], "IsTruncated": False}, ["a"], "a"),
        ({"Contents": [], "IsTruncated": False}, [], "before"),
        ({"IsTruncated": False}, [], "before"),
    ],
)
def test_the_next_page_of_orders_begins_after_the_last_one(listed, orders, after):
    state = load_all(MACHINES)[COPIES].states["ListOrders"].body
    assert decide(state["Output"]["orders"], result=listed) == orders
    assert decide(state["Assign"]["after"], {"after": "before"}, result=listed) == after
    assert decide(state["Assign"]["has_more"], result=listed) is listed["IsTruncated"]


def test_a_page_names_twenty_orders_and_counts_all():
    reason = load_all(MACHINES)[COPIES].states["PageOperatorAboutOrders"].body["Arguments"]["Payload"]["reason"]
    said = decide(reason, {"not_copied": [f"order-{number:02}" for number in range(30)]})
    assert "in 30 of the orders" in said
    assert ("order-19" in said, "order-20" in said) == (True, False)
    assert decide(reason, {"not_copied": ["order-00"]}).endswith("in 1 of the orders: order-00")
