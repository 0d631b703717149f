"""The shape of the state machines: nothing is sent around the legal gate, and no failure goes unheard.

Each property is also tried on machines with a planted fault, so that a check that sees nothing is noticed.
"""

import copy
import json
import pathlib

import gate
import pytest
from asl import Machine, load_all
from failure_paths import unheard

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def machines():
    return load_all(REPOSITORY / "statemachines")


def planted(machines, name, change):
    """All machines, with `change` made to the definition of one of them."""
    definition = copy.deepcopy(machines[name].definition)
    change(definition["States"])
    return {**machines, name: Machine(name, definition)}


def inside(states, name):
    return states[name]["ItemProcessor"]["States"]


def branch_of(states):
    """The branch of the response that leads to the notices, beside the one of the evidence."""
    return states["Respond"]["Branches"][0]["States"]


def containment_steps(states):
    return inside(inside(states, "RunWaves"), "RunSteps")


def catcher(target):
    return {"ErrorEquals": ["States.ALL"], "Next": target}


def sending(**more):
    return {
        "Type": "Task",
        "Resource": "arn:${Partition}:states:::lambda:invoke",
        "Arguments": {"FunctionName": "${SendNoticeFunctionArn}"},
        "TimeoutSeconds": 60,
        **more,
    }


def rename(states, old, new):
    states[new] = states.pop(old)
    for body in states.values():
        for holder in [body, *body.get("Choices", []), *body.get("Catch", [])]:
            for key in ("Next", "Default"):
                if holder.get(key) == old:
                    holder[key] = new


@pytest.mark.parametrize("passed", ["RequestLegalReview", "IsNoticeApproved"])
def test_no_path_reaches_the_sending_around_the_gate(machines, passed):
    notification = machines["notification"]
    assert notification.reaches("SendNotice")
    assert not notification.reaches("SendNotice", avoiding=passed), f"`SendNotice` can be reached around `{passed}`"


def test_the_gate_is_whole(machines):
    assert gate.faults(machines) == []


def test_a_time_out_of_the_gate_pages_and_asks_again(machines):
    notification = machines["notification"]
    (edge,) = [
        edge
        for edge in notification.successors("RequestLegalReview")
        if edge.kind == "catch" and "States.Timeout" in edge.rule["ErrorEquals"]
    ]
    assert edge.target == "PageOperatorAboutReview"
    assert not notification.reaches("SendNotice", start=edge.target, avoiding="RequestLegalReview")


@pytest.mark.parametrize("passed", ["RequestContainmentApproval", "IsContainmentApproved"])
def test_nothing_that_waits_for_a_person_runs_around_the_approval(machines, passed):
    approval = machines["containment-approval"]
    assert approval.reaches("RunContainment")
    assert not approval.reaches("RunContainment", avoiding=passed), f"`RunContainment` can be reached around `{passed}`"
    assert [(edge.source, edge.kind) for edge in approval.entries("RunContainment")] == [("IsContainmentApproved", "choice")]
    assert [(edge.source, edge.kind) for edge in approval.entries("IsContainmentApproved")] == [("RequestContainmentApproval", "next")]


def test_a_time_out_of_the_approval_escalates_and_never_runs_anything(machines):
    approval = machines["containment-approval"]
    (edge,) = [
        edge
        for edge in approval.successors("RequestContainmentApproval")
        if edge.kind == "catch" and "States.Timeout" in edge.rule["ErrorEquals"]
    ]
    assert not approval.reaches("RunContainment", start=edge.target, avoiding="RequestContainmentApproval")
    pages = [approval.states[after.target] for after in approval.successors(edge.target)]
    assert pages and all(page.is_page and page.body["Arguments"]["Payload"]["escalate"] is True for page in pages)


def test_no_step_and_no_notice_waits_with_an_approval(machines):
    """Containment begins the approval and goes on. The response waits for it only after the notices."""
    containment, response = machines["containment"], machines["incident-response"]
    begin = containment.states["BeginContainmentApproval"].body
    assert begin["Resource"].endswith(":states:startExecution")
    assert not response.reaches("RunContainmentApproval", avoiding="Respond")
    assert "RunNotifications" in branch_of(response.definition["States"])
    asked = [task.name for machine in machines.values() for task in machine.tasks() if ".waitForTaskToken" in task.body["Resource"]]
    assert sorted(asked) == ["RequestContainmentApproval", "RequestLegalReview"]


def test_the_report_joins_the_approval_that_containment_began(machines):
    begun = machines["containment"].states["BeginContainmentApproval"].body["Arguments"]
    joined = machines["incident-response"].states["RunContainmentApproval"].body["Arguments"]
    assert json.loads(json.dumps(begun).replace("$approval", "$states.input")) == joined


# name -> (the machine, the change, what must be said of it)
BYPASSES = {
    "a catch that sends": (
        "notification",
        lambda states: states["DraftNotice"]["Catch"].insert(0, catcher("SendNotice")),
        "`SendNotice` can be reached around `RequestLegalReview`",
    ),
    "a time-out that sends": (
        "notification",
        lambda states: states["RequestLegalReview"]["Catch"][0].update(Next="SendNotice"),
        "`SendNotice` can be reached around `IsNoticeApproved`",
    ),
    "a time-out that pages, then sends": (
        "notification",
        lambda states: states["PageOperatorAboutReview"].update(Next="SendNotice"),
        "from `PageOperatorAboutReview`, `SendNotice` can be reached around `RequestLegalReview`",
    ),
    "a failed page that sends": (
        "notification",
        lambda states: states["PageOperatorAboutReview"]["Catch"][0].update(Next="SendNotice"),
        "`SendNotice` can be reached around `IsNoticeApproved`",
    ),
    "a time-out that counts as a decision": (
        "notification",
        lambda states: states["RequestLegalReview"]["Catch"][0].update(Next="IsNoticeApproved"),
        "`IsNoticeApproved` is entered from `RequestLegalReview` by catch",
    ),
    "a time-out that nothing catches": (
        "notification",
        lambda states: states["RequestLegalReview"].pop("Catch"),
        "nothing catches the time-out of `RequestLegalReview`",
    ),
    "a review without an end": (
        "notification",
        lambda states: states["RequestLegalReview"].pop("TimeoutSeconds"),
        "`RequestLegalReview` waits without an end",
    ),
    "a choice that sends by default": (
        "notification",
        lambda states: states["IsNoticeApproved"].update(Default="SendNotice"),
        "`SendNotice` is entered from `IsNoticeApproved` by default",
    ),
    "a second choice that sends": (
        "notification",
        lambda states: states["IsNoticeApproved"]["Choices"].append(
            {"Condition": "{% $states.input.verdict = 'rejected' %}", "Next": "SendNotice"}
        ),
        "`IsNoticeApproved` sends on the decision {\"verdict\": \"rejected\", \"digest\": \"right\"}",
    ),
    "an approval of any text": (
        "notification",
        lambda states: states["IsNoticeApproved"]["Choices"][0].update(Condition="{% $states.input.verdict = 'approved' %}"),
        "`IsNoticeApproved` sends on the decision {\"verdict\": \"approved\", \"digest\": \"wrong\"}",
    ),
    "anything but a rejection": (
        "notification",
        lambda states: states["IsNoticeApproved"]["Choices"][0].update(
            Condition="{% $states.input.verdict != 'rejected' and $states.input.digest = $draft.digest %}"
        ),
        "`IsNoticeApproved` sends on the decision {\"verdict\": \"changes-requested\", \"digest\": \"right\"}",
    ),
    "a choice that changes the draft": (
        "notification",
        lambda states: states["IsNoticeApproved"]["Choices"][0].update(Assign={"draft": "{% $states.input %}"}),
        "the choice that sends changes what is sent",
    ),
    "a decision made up on the way": (
        "notification",
        lambda states: states["RequestLegalReview"].update(Output={"verdict": "approved", "digest": "{% $draft.digest %}"}),
        "what `RequestLegalReview` hands on is not the decision as it came",
    ),
    "a gate that does not wait": (
        "notification",
        lambda states: states["RequestLegalReview"].update(Resource="arn:${Partition}:states:::lambda:invoke"),
        "`RequestLegalReview` does not wait for a task token",
    ),
    "a gate that asks another function": (
        "notification",
        lambda states: states["RequestLegalReview"]["Arguments"].update(FunctionName="${PageOperatorFunctionArn}"),
        "`RequestLegalReview` does not call `RequestLegalReviewFunctionArn`",
    ),
    "a gate of another name": (
        "notification",
        lambda states: rename(states, "RequestLegalReview", "AskCounsel"),
        "there is no state `RequestLegalReview`",
    ),
    "a way around from the draft": (
        "notification",
        lambda states: states.update(
            IsUrgent={"Type": "Choice", "Choices": [{"Condition": "{% $draft.urgent %}", "Next": "SendNotice"}], "Default": "RequestLegalReview"},
            DraftNotice={**states["DraftNotice"], "Next": "IsUrgent"},
        ),
        "`SendNotice` is entered from `IsUrgent` by choice",
    ),
    "a second state that sends": (
        "notification",
        lambda states: states.update(SendReminder=sending(Next="NoticeSent")),
        "state `SendReminder` calls the function that sends",
    ),
    "another machine that sends": (
        "incident-response",
        lambda states: states.update(SendNotice=sending(End=True)),
        "incident-response: state `SendNotice` calls the function that sends",
    ),
    "a state deep inside that sends": (
        "containment",
        lambda states: containment_steps(states)["StepFailed"].update(sending(End=True)),
        "containment: state `StepFailed` calls the function that sends",
    ),
    "a function by its name": (
        "incident-response",
        lambda states: states["CloseIncident"]["Arguments"].update(FunctionName="tocsin-send-notice"),
        "incident-response: state `CloseIncident` calls the function that sends",
    ),
    "a function that the input names": (
        "containment",
        lambda states: states["PlanContainment"]["Arguments"].update(FunctionName="{% $states.input.function %}"),
        "the target of `PlanContainment` is decided while it runs",
    ),
    "arguments that the input gives": (
        "containment",
        lambda states: states["PlanContainment"].update(Arguments="{% $states.input %}"),
        "the target of `PlanContainment` is decided while it runs",
    ),
}


@pytest.mark.parametrize("name", BYPASSES)
def test_a_bypass_is_found(machines, name):
    machine, change, expected = BYPASSES[name]
    found = gate.faults(planted(machines, machine, change))
    assert any(expected in fault for fault in found), found


def test_a_start_past_the_gate_is_found(machines):
    definition = {**machines["notification"].definition, "StartAt": "SendNotice"}
    found = gate.faults({**machines, "notification": Machine("notification", definition)})
    assert "notification: `SendNotice` can be reached around `RequestLegalReview`" in found


def test_every_failure_is_heard(machines):
    assert [fault for machine in machines.values() for fault in unheard(machine)] == []


# name -> (the machine, the change, what must be said of it)
SILENCES = {
    "a failure that ends well": (
        "evidence-preservation",
        lambda states: states["PreserveEvidence"]["Catch"][0].update(Next="EvidenceSealed"),
        "the failure of `PreserveEvidence` can end in `EvidenceSealed` without a page or a reversal",
    ),
    "a failure that goes on": (
        "incident-response",
        lambda states: branch_of(states)["AssessObligations"]["Catch"][0].update(Next="RunNotifications"),
        "the failure of `AssessObligations` can end in `RunNotifications` without a page or a reversal",
    ),
    "a step that fails in silence": (
        "containment",
        lambda states: containment_steps(states)["StartContainment"]["Catch"][0].update(Next="StepFailed"),
        "the failure of `StartContainment` can end in `StepFailed` without a page or a reversal",
    ),
    "a reversal that fails in silence": (
        "containment",
        lambda states: containment_steps(states)["ReverseContainment"]["Catch"][0].update(Next="StepFailed"),
        "the failure of `ReverseContainment` can end in `StepFailed` without a page or a reversal",
    ),
    "an end that nobody hears of": (
        "notification",
        lambda states: states["NoteUnknownDecision"].update(Next="NeedsOperator"),
        "`NeedsOperator` can be reached without a page",
    ),
    "a failed page that goes another way": (
        "notification",
        lambda states: states["PageOperatorAboutReview"]["Catch"][0].update(Next="NoticeWithheld"),
        "a failed page goes to `NoticeWithheld`, not to `DraftNotice`",
    ),
    "a step that failed without a page": (
        "containment",
        lambda states: containment_steps(states)["NoteStuckReversal"].update(Next="StepFailed"),
        "`StepFailed` can be reached without a page",
    ),
    "a question that cannot be asked, in silence": (
        "containment-approval",
        lambda states: states["RequestContainmentApproval"]["Catch"][1].update(Next="StepsDeclined"),
        "the failure of `RequestContainmentApproval` can end in `StepsDeclined` without a page or a reversal",
    ),
    "an unanswered question that nobody hears of": (
        "containment-approval",
        lambda states: states["IsAskedAgain"].update(Default="ApprovalUnanswered"),
        "`ApprovalUnanswered` can be reached without a page",
    ),
    "an approval that is not asked for, in silence": (
        "containment",
        lambda states: inside(states, "BeginContainmentApprovals")["BeginContainmentApproval"]["Catch"].pop(),
        "`BeginContainmentApproval` starts a machine and does not catch its failure",
    ),
    "an order that failed and is not counted": (
        "object-copies",
        lambda states: states["HasMoreOrders"].update(Default="ObjectsCopied"),
        "the failure of `CopyObjects` can end in `OrderNotCopied` without a page or a reversal",
    ),
    "an order that is counted, and nobody hears of it": (
        "object-copies",
        lambda states: states["IsEveryOrderCopied"].update(Default="ObjectsCopied"),
        "the failure of `CopyObjects` can end in `OrderNotCopied` without a page or a reversal",
    ),
    "a child that stops its parent": (
        "incident-response",
        lambda states: inside(inside(branch_of(states), "RunNotifications"), "RunChain")["RunNotification"]["Catch"].pop(),
        "`RunNotification` starts a machine and does not catch its failure",
    ),
}


@pytest.mark.parametrize("name", SILENCES)
def test_a_silence_is_found(machines, name):
    machine, change, expected = SILENCES[name]
    found = unheard(planted(machines, machine, change)[machine])
    assert any(expected in fault for fault in found), found
