"""The places where the gateway reaches into the emulators.

Both emulators are joined at functions and tables that their authors did not promise to keep. Every such place is declared
through this module with the parameters it is expected to take. `verify` then names each one that an upgrade moved, renamed
or changed, so that a broken join is one readable line at start and not a strange answer in the middle of a test.
"""

import functools
import inspect


class PlugPointBroken(RuntimeError):
    """An emulator no longer has the place where the local AWS joins it."""


_broken: list[str] = []
_replaced: list[str] = []


def take(module, name: str, *parameters: str):
    """The attribute `name` of `module`, after checking that it is there and takes `parameters` (when given)."""
    point = f"{module.__name__}.{name}"
    found = getattr(module, name, None)
    if found is None:
        _broken.append(f"`{point}` is gone")
        return None
    if parameters:
        actual = tuple(inspect.signature(found).parameters)
        if actual != parameters:
            _broken.append(f"`{point}` takes ({', '.join(actual)}), expected ({', '.join(parameters)})")
            return None
    return found


def replaces(module, name: str, *parameters: str):
    """Put a function in the place of `module.name`; it gets the original as its first argument."""

    def join(replacement):
        original = take(module, name, *parameters)
        if original is None:
            return replacement

        # A plain function, so that a coroutine function stays what it was for whoever awaits it.
        @functools.wraps(original)
        def joined(*args, **kwargs):
            return replacement(original, *args, **kwargs)

        setattr(module, name, joined)
        _replaced.append(f"{module.__name__}.{name}")
        return replacement

    return join


def table(module, name: str, *keys: str) -> dict:
    """A dict of `module` that the local AWS adds entries to; `keys` are entries it expects to find there."""
    found = take(module, name)
    if not isinstance(found, dict):
        if found is not None:
            _broken.append(f"`{module.__name__}.{name}` is a {type(found).__name__}, expected a dict")
        return {}
    for key in keys:
        if key not in found:
            _broken.append(f"`{module.__name__}.{name}` has no entry `{key}`")
    return found


def replaced() -> list[str]:
    """The places in use, for the log."""
    return list(_replaced)


def verify() -> None:
    """Raise with every broken plug point, one a line."""
    if _broken:
        lines = "\n".join(f"  {line}" for line in _broken)
        raise PlugPointBroken(
            f"the emulators changed where the local AWS joins them ({len(_broken)} places):\n{lines}\n"
            "Pin the versions of tests/local-aws/requirements.txt again, or mend the module that declares the place."
        )
