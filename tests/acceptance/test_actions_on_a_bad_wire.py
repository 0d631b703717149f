"""Every containment action while the answer to each of its changes is lost once, or the request arrives twice.

The SDK asks again when an answer is lost, and what was made or deleted already must not make the action fail.
"""

import pytest
from targets import TARGETS
from test_actions import REVERSIBLE, as_found, make, without_lost

FAULTS = ["dropped-after", "duplicated"]


@pytest.fixture
def wire(actions_aws):
    """Orders a fault anew for whatever is asked from now on."""

    def order(fault: str) -> None:
        actions_aws.clear_faults()
        actions_aws.disturb(["*"], first=fault, principals=["automation"])

    yield order
    actions_aws.clear_faults()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("action", TARGETS)
def test_action_and_its_reversal_come_through(actions_aws, documents, wire, action, fault):
    target = make(actions_aws, action)
    found = target.everything()
    wire(fault)
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    assert actions_aws.disturbances()[fault] > 0
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    if action in REVERSIBLE:
        wire(fault)
        back = documents.reverse(target, run.before)
        assert back.status == "Success", back.failure
        assert as_found(target) == without_lost(target, found)
