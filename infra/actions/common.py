"""What the scripts of every action share. `infra/render.py` puts into each step what that step uses.

A step's function takes the `run`: `target`, `incident`, `role` (the ARN that it runs with), `before` (the state as found, or
None), the action's own parameters, and what earlier steps answered, all under snake_case names.
"""

import botocore.exceptions
import json
import time


def run_of(events):
    """The payload of a step, with the before-state read. It is a list of pieces where it comes as a parameter."""
    given = events.get("before") or ""
    text = "".join(given) if isinstance(given, list) else given
    before = json.loads(text) if text else None
    if before is not None and before["target"] != events["target"]:
        raise ValueError(f"the before-state given is of {before['target']}, not of {events['target']}")
    return {**events, "before": before}


def text_of(state):
    return json.dumps(state, separators=(",", ":"), sort_keys=True)


def record(run, observe, refuse):
    """The state as found. A repeat after a broken run is given it, since it can't be seen any more."""
    before = run["before"]
    if before is None:
        before = {"target": run["target"], **observe(run)}
        refuse(run, before)
    text = text_of(before)
    # The reversal gets it as a parameter: 50 values of 512 characters.
    if len(text) > 50 * 512:
        raise ValueError("the state found is too long to be handed to the reversal: contain it by hand")
    return {"before": text}


def touched(run):
    """What `refuse` raises where an earlier run has changed the target already."""
    return ValueError(
        f"{run['target']} is already contained in whole or in part, so how it was found can't be seen any more:"
        " pass the before-state that the first run recorded as Before, or reverse with it"
    )


def refuse(run, before):
    """Raises where the target can't be contained, or wears the marks of an earlier run. An action may have its own."""


def settled(run, state):
    """Whether AWS shows the change already. An action may have its own."""
    return True


def restored(run, state):
    return state == run["before"]


def unless_done(change, is_done):
    """Makes a change. A lost answer makes the SDK ask again, and AWS may refuse what is done already: it counts as done."""
    try:
        return change()
    except botocore.exceptions.ClientError:
        if not is_done():
            raise


def observe_until(run, observe, is_done):
    """AWS answers from copies that lag a little: give them five seconds, then report what there is."""
    for attempt in range(6):
        state = {"target": run["target"], **observe(run)}
        if is_done(run, state) or attempt == 5:
            break
        time.sleep(1)
    return {"observation": text_of(state)}


def preview(run, observe, calls, impact):
    """What would be done, before anything is."""
    state = {"target": run["target"], **observe(run)}
    return {"state": text_of(state), "calls": text_of(calls(run, state)), "impact": text_of(impact(run, state))}
