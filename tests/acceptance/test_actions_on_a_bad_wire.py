"""Every containment action while the answer to each of its changes is lost once, and the repeat arrives twice.

The SDK asks again when an answer is lost, and what was made or deleted already must not make the action fail.
"""

import pytest
from targets import TARGETS
from test_actions import REVERSIBLE, as_found, changing, make, without_lost

FAULTS = ["dropped-after", "duplicated"]


@pytest.fixture
def wire(actions_aws):
    """Orders the faults anew for whatever is asked from now on."""

    def order() -> None:
        actions_aws.clear_faults()
        actions_aws.disturb(["*"], first=FAULTS, principals=["automation"])

    yield order
    actions_aws.clear_faults()


@pytest.mark.parametrize("action", TARGETS)
def test_action_and_its_reversal_come_through(actions_aws, documents, wire, action):
    target = make(actions_aws, action)
    found = target.everything()
    earlier = len(documents.calls(action))
    wire()
    run = documents.apply(target)
    assert run.status == "Success", run.failure
    met = actions_aws.disturbances()
    # The API of a cluster is no API of AWS: what changes only there meets no fault.
    changes = [name for name in changing(documents.calls(action)[earlier:]) if not name.startswith("kubernetes:")]
    assert all(bool(met.get(fault)) == bool(changes) for fault in FAULTS), met
    target.assert_contained(found, run.output("ObserveContainment.Observation"))
    if action in REVERSIBLE:
        wire()
        back = documents.reverse(target, run.before)
        assert back.status == "Success", back.failure
        assert as_found(target) == without_lost(target, found)
