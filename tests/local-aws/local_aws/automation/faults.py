"""Faults that a test orders for the steps of a document.

`when` is before (the step does nothing) or after (the step has done its work). `mode` fail fails the step, so that `onFailure`
decides; kill ends the automation at that point, whatever the document says, as when the service itself gives up.
"""

import dataclasses
import threading

from local_aws.automation.errors import ApiError


@dataclasses.dataclass
class StepFault:
    document: str
    step: str
    when: str = "before"
    mode: str = "fail"
    times: int = 1

    def __post_init__(self):
        if self.when not in ("before", "after") or self.mode not in ("fail", "kill"):
            raise ApiError("ValidationException", "`when` is before or after, `mode` is fail or kill")


class Killed(Exception):
    """The automation ends here."""


_lock = threading.Lock()
_ordered: list[StepFault] = []


def order(fault: StepFault) -> None:
    with _lock:
        _ordered.append(fault)


def clear() -> None:
    with _lock:
        _ordered.clear()


def take(document: str, step: str, when: str) -> StepFault | None:
    with _lock:
        for fault in _ordered:
            if (fault.document, fault.step, fault.when) == (document, step, when):
                fault.times -= 1
                if fault.times <= 0:
                    _ordered.remove(fault)
                return fault
    return None
