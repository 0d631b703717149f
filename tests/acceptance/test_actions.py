"""Every containment action on the local AWS: previewed, applied, observed, reversed; broken at every step, repeated, and reversed.

The outcome rests on what the local AWS fakes of the services: permissions are not enforced there, and changes show at once.
"""

import json

import pytest
from automation_runs import ACTIONS, Run, steps_of
from demo import command
from targets import TARGETS

KINDS = [(action, kind) for action, target in TARGETS.items() for kind in target.kinds]
REVERSIBLE = [action for action in TARGETS if ACTIONS[action].spec.get("reverse")]
READING = ("Get", "List", "Describe", "Head", "Lookup", "Search", "BatchGet", "Simulate", "Select", "Query", "Scan", "AdminGet", "AdminList")


def make(aws, action: str, kind: str | None = None):
    target = TARGETS[action]
    return target(aws, **(target.kinds[kind] if kind else next(iter(target.kinds.values()))))


def assert_as_found(documents, target, found, before):
    """Reverses, and expects the account as it was and an observation that says so."""
    run = documents.reverse(target, before)
    assert run.status == "Success", run.failure
    assert as_found(target) == without_lost(target, found)
    observation = run.output("ObserveReversal.Observation")
    assert without_lost(target, observation) == without_lost(target, json.loads(before))
    assert judged(target.action, before, observation, "--reversal") is None


def judged(action: str, before: str, observation, *options: str) -> str | None:
    """What the responder would miss in this observation."""
    given = json.dumps({"before": json.loads(before), "observation": observation})
    return json.loads(command.run("contain", "judge", action, *options, "--json", given=given, codes=(0, 1)))["missing"]


def as_found(target) -> dict:
    return without_lost(target, target.everything())


def without_lost(target, state: dict) -> dict:
    return {key: value for key, value in state.items() if key not in target.lost}


def test_every_action_has_a_target():
    assert sorted(TARGETS) == sorted(ACTIONS)


def changing(calls: list[dict]) -> set[str]:
    names = [f"{call['service']}:{call['operation']}" for call in calls if not call["operation"].startswith(READING)]
    return set(names)


def assert_previewed(documents, target, found) -> Run:
    """Changes nothing, and names every call that the action makes."""
    earlier = len(documents.calls(target.action))
    preview = documents.preview(target)
    assert preview.status == "Success", preview.failure
    assert target.everything() == found
    assert changing(documents.calls(target.action)[earlier:]) == set()
    announced = preview.output("PreviewContainment.Calls")
    assert all(set(call) == {"call", "on", "change"} and all(call.values()) for call in announced)
    assert all(isinstance(line, str) for line in preview.output("PreviewContainment.Impact"))
    return preview


@pytest.mark.parametrize(("action", "kind"), KINDS)
def test_previewed_applied_twice_and_reversed_twice_leaves_the_account_as_found(actions_aws, documents, action, kind):
    target = make(actions_aws, action, kind)
    found = target.everything()
    preview = assert_previewed(documents, target, found)
    earlier = len(documents.calls(action))
    first = documents.apply(target)
    assert first.status == "Success", first.failure
    assert first.output("RecordBefore.Before") == preview.output("PreviewContainment.State")
    announced = {call["call"] for call in preview.output("PreviewContainment.Calls")}
    assert announced == changing(documents.calls(action)[earlier:])
    assert judged(action, first.before, first.output("ObserveContainment.Observation")) is None
    if kind == next(iter(target.kinds)):
        # An automation that says that it succeeded, and changed nothing, is found out. The other kinds may be found contained.
        assert judged(action, first.before, json.loads(first.before)) is not None
    target.assert_contained(found, first.output("ObserveContainment.Observation"))
    # A second incident on the same target, or a repeat that nobody needed.
    again = documents.apply(target, first.before)
    assert again.status == "Success", again.failure
    assert again.before == first.before
    target.assert_contained(found, again.output("ObserveContainment.Observation"))
    if action in REVERSIBLE:
        assert_as_found(documents, target, found, first.before)
        back = documents.reverse(target, first.before)
        assert back.status == "Success", back.failure
        assert as_found(target) == without_lost(target, found)


@pytest.mark.parametrize("action", TARGETS)
def test_recording_changes_nothing(actions_aws, documents, action):
    target = make(actions_aws, action)
    found = target.everything()
    documents.break_step(action, steps_of(action)[1], "before")
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", steps_of(action)[:2])
    assert target.everything() == found


def broken(kind: str, actions) -> list[tuple[str, str]]:
    return [(action, step) for action in actions for step in steps_of(action, kind)]


@pytest.mark.parametrize(("action", "step"), broken("document", TARGETS))
def test_broken_run_is_finished_by_a_repeat_or_reversed(actions_aws, documents, action, step):
    target = make(actions_aws, action)
    found = target.everything()
    documents.break_step(action, step)
    first = documents.apply(target)
    assert first.status == "Failed"
    if first.before is None:
        assert step == "RecordBefore"
        assert target.everything() == found
    elif action in REVERSIBLE:
        assert_as_found(documents, target, found, first.before)
        if target.lost:
            # It is no longer what it was.
            target = make(actions_aws, action)
            found = target.everything()
        documents.break_step(action, step)
        first = documents.apply(target)
        assert first.status == "Failed"
    repeated = documents.apply(target, first.before)
    assert repeated.status == "Success", repeated.failure
    target.assert_contained(found, repeated.output("ObserveContainment.Observation"))
    assert first.before in (None, repeated.before)
    if action in REVERSIBLE:
        assert_as_found(documents, target, found, repeated.before)


@pytest.mark.parametrize(("action", "step"), broken("reversal", REVERSIBLE))
def test_broken_reversal_is_finished_by_a_repeat(actions_aws, documents, action, step):
    target = make(actions_aws, action)
    found = target.everything()
    before = documents.apply(target).before
    documents.break_step(action, step, kind="reversal")
    assert documents.reverse(target, before).status == "Failed"
    assert_as_found(documents, target, found, before)


@pytest.mark.parametrize("action", TARGETS)
def test_before_state_of_another_target_is_refused(actions_aws, documents, action):
    one, other = make(actions_aws, action), make(actions_aws, action)
    before = documents.apply(one).before
    if one.id == other.id:
        # There is one a region: the state of another has to be written.
        before = json.dumps({**json.loads(before), "target": "another"})
    found = other.everything()
    runs = [documents.apply(other, before)]
    runs += [documents.reverse(other, before)] if action in REVERSIBLE else []
    for run in runs:
        assert run.status == "Failed"
        assert "the before-state given is of" in run.failure
    assert other.everything() == found
