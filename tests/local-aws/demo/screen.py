"""Text for people: 100 columns at most, and colour only where a person looks at a terminal."""

import os
import sys
import textwrap

WIDTH = 100
STYLES = {"bold": "1", "bad": "31"}


def has_colour(stream=None) -> bool:
    stream = stream or sys.stdout
    # https://no-color.org: the variable counts when it is there and not empty.
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if has_colour() else text


def printable(text: str) -> str:
    """A finding is written by strangers: whatever would steer the terminal becomes a visible mark."""
    return "".join(letter if letter.isprintable() or letter in "\n" else "\ufffd" for letter in text)


def wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=hanging, break_on_hyphens=False) or [""]


def say(text: str = "", indent: int = 0, hanging: int | None = None) -> None:
    """One paragraph a line; with nothing, an empty line."""
    rest = " " * ((indent if hanging is None else hanging) - indent)
    for paragraph in printable(text).splitlines() or [""]:
        for line in wrapped(paragraph, WIDTH - indent, rest):
            print(f"{' ' * indent}{line}".rstrip(), flush=True)


def row(clock: float, label: str, text: str, style: str = "bold") -> None:
    """A line of the progress: when, which phase, what."""
    first, *others = wrapped(printable(text), WIDTH - 20)
    print(f"{clock:6.2f} s  {styled(f'{label:<8}', style)}  {first}", flush=True)
    for line in others:
        print(f"{' ' * 20}{line}", flush=True)


def heading(text: str) -> None:
    print(flush=True)
    for line in wrapped(printable(text), WIDTH, "  "):
        print(styled(line, "bold"), flush=True)


def quoted(text: str) -> None:
    """A text line by line, marked at the margin; where a line is too long for the screen, `:` marks its continuation."""
    for line in printable(text).splitlines() or [""]:
        first, *others = wrapped(line, WIDTH - 4)
        print(f"  | {first}".rstrip(), flush=True)
        for part in others:
            print(f"  : {part}", flush=True)


def complain(text: str) -> None:
    """An error, on standard error."""
    sys.stdout.flush()
    for paragraph in printable(text).splitlines():
        for line in wrapped(paragraph, WIDTH):
            print(line, file=sys.stderr, flush=True)
