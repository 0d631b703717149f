"""The roles of the member accounts fit the functions that assume them, and start what these have to start."""

import re

import pytest
from automation_runs import render
from contracts import FUNCTION_TYPE, environment_of, of_type, resources_of, responder
from demo.places import REPOSITORY

import callers

ACTIONS = render.actions()
TEMPLATE = responder(REPOSITORY)
FUNCTIONS = {
    properties["FunctionName"].removeprefix("tocsin-"): properties
    for properties in of_type(TEMPLATE, FUNCTION_TYPE).values()
    if "MEMBER_ROLE" in environment_of(properties)
}


def started(function: str) -> set[str]:
    (statement,) = [one for one in callers.statements(ACTIONS)[function] if one["Sid"] == "StartDocuments"]
    return {re.search(r"automation-definition/([\w-]+):\*$", resource["Fn::Sub"]).group(1) for resource in statement["Resource"]}


def test_each_function_starts_its_kind_of_document_and_no_other():
    of_kind = {kind: {name for action in ACTIONS for one, name in action.kinds() if one == kind} for kind, _ in render.KINDS}
    assert started("start-containment") == of_kind["document"]
    assert started("reverse-containment") == of_kind["reversal"] | of_kind["preview"]
    assert started("order-containment") == of_kind["preview"], "whoever orders only looks"
    assert started("preserve-evidence") == {one.name for one in render.preserving.documents(render.INFRA)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_assumes_its_own_role_and_the_role_trusts_it(function):
    properties = FUNCTIONS[function]
    name, role = next(iter(callers.of_function(function, callers.statements(ACTIONS)[function]).items()))
    wanted = role["Properties"]["RoleName"]
    assert environment_of(properties)["MEMBER_ROLE"] == wanted
    assumed = resources_of(properties, "sts:AssumeRole")
    assert {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::*:role/{wanted}"} in assumed
    # Beside it, whoever preserves evidence searches the logs of the evidence account, by the one role there that may.
    others = [one["Fn::Sub"][0] for one in assumed if isinstance(one["Fn::Sub"], list)]
    assert len(assumed) == 1 + len(others)
    searching = ["arn:${AWS::Partition}:iam::${EvidenceAccount}:role/Tocsin-LogReader"]
    assert others == (searching if function == "preserve-evidence" else [])
    assert resources_of(properties, "ssm:StartAutomationExecution") == resources_of(properties, "iam:PassRole") == []
    own = TEMPLATE["Resources"][properties["Role"]["Fn::GetAtt"][0]]["Properties"]["RoleName"]
    trusted = role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert trusted["Fn::Sub"].endswith(f":role/{own}")
    assert name in render.resources()


def test_policy_that_iam_would_not_take_is_refused():
    with pytest.raises(callers.TooMuch, match="Tocsin-Member-Start"):
        callers.role("start", callers.starts([f"Tocsin-Document{number}" for number in range(200)], []))


def reading(sid: str, actions: int) -> dict:
    return {"Sid": sid, "Effect": "Allow", "Action": [f"ec2:DescribeSomething{number:04}" for number in range(actions)], "Resource": "*"}


def test_what_reads_evidence_is_parted_into_policies_that_iam_takes():
    """Nothing is lost on the way, and the role's own statements stay with it."""
    allowed = [callers.runs(*callers.READ), *(reading(f"Evidence{number}", 60) for number in range(12))]
    role, *policies = callers.of_function("preserve", allowed).values()
    assert [one["Sid"] for one in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]] == ["ReadRuns"]
    documents = [policy["Properties"]["PolicyDocument"] for policy in policies]
    assert [statement for document in documents for statement in document["Statement"]] == allowed[1:]
    assert len(documents) > 1 and all(callers.size(document) <= 6_144 for document in documents)
    assert all(policy["Properties"]["Roles"] == [{"Ref": "MemberPreserveRole"}] for policy in policies)
    assert len({policy["Properties"]["ManagedPolicyName"] for policy in policies}) == len(policies)


@pytest.mark.parametrize("statements", [[reading("EvidenceOfAll", 300)], [reading(f"Evidence{number}", 150) for number in range(11)]])
def test_what_no_parting_fits_is_refused(statements):
    with pytest.raises(callers.TooMuch):
        callers.of_function("preserve", statements)


def test_the_role_that_reads_evidence_has_room_for_more_sources():
    own = callers.of_function("preserve-evidence", callers.statements(ACTIONS)["preserve-evidence"])
    policies = [one for one in own.values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    assert 0 < len(policies) <= callers.MOST_MANAGED_POLICIES / 2
    assert own.items() <= render.resources().items()
