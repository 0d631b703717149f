"""What each containment action is tried on: one module an action, found by its name.

A module defines one class below `Target`. The tests of `test_actions.py` run over all of them: nothing needs to be listed.
"""

import abc
import importlib
import json
import pathlib
import uuid

FOLDER = pathlib.Path(__file__).parent


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def without(value: dict, *keys: str) -> dict:
    return {key: item for key, item in value.items() if key not in keys}


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Target(abc.ABC):
    """A resource in the account, made by `__init__(aws, **kind)`."""

    # The folder in infra/actions.
    action: str
    # The ways to find it: name -> keyword arguments. Each is contained and given back; the first is also broken at every step.
    kinds: dict[str, dict] = {"plain": {}}
    # What the target is called: the value of the action's target parameter.
    id: str
    # The action's further parameters.
    parameters: dict = {}
    # Keys of `everything()`, and of the observation, that nobody can give back, such as a counter of AWS's own. Empty unless a
    # comment says why.
    lost: tuple[str, ...] = ()

    @abc.abstractmethod
    def everything(self) -> dict:
        """All that boto3 tells of the account around the target."""

    @abc.abstractmethod
    def assert_contained(self, found: dict, observation: dict) -> None:
        """The account shows the effect, and `observation` says what it shows. `found` is `everything()` from before."""


def target_classes() -> dict[str, type[Target]]:
    found = {}
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        module = importlib.import_module(f"targets.{path.stem}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Target)
                and value.__module__ == module.__name__
                and "action" in vars(value)
            ):
                found[value.action] = value
    return found


TARGETS = target_classes()
