"""Text for people: 100 columns at most, and colour only where a person looks at a terminal."""

import os
import sys
import textwrap

WIDTH = 100
STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "wait": "33"}


def has_colour(stream=None) -> bool:
    stream = stream or sys.stdout
    # https://no-color.org: the variable counts when it is there and not empty.
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if has_colour() else text


def say(text: str = "", indent: int = 0, hanging: int | None = None) -> None:
    """One paragraph. Words that are longer than the line, such as digests, are left whole."""
    if not text:
        print(flush=True)
        return
    first, rest = " " * indent, " " * (indent if hanging is None else hanging)
    for line in text.splitlines():
        print(
            textwrap.fill(
                line,
                WIDTH,
                initial_indent=first,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
                replace_whitespace=False,
                drop_whitespace=bool(line.strip()),
            ),
            flush=True,
        )


def heading(text: str) -> None:
    print(flush=True)
    print(styled(text, "bold"), flush=True)


def quoted(text: str) -> None:
    """A text word for word, marked at the margin. A longer line is folded and no character is lost."""
    for line in text.splitlines() or [""]:
        folded = textwrap.wrap(line, WIDTH - 4, drop_whitespace=False, break_on_hyphens=False, replace_whitespace=False) or [""]
        for part in folded:
            print(f"  | {part}".rstrip(), flush=True)


def complain(text: str) -> None:
    """An error, on standard error."""
    sys.stdout.flush()
    print(textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False), file=sys.stderr, flush=True)


def seconds(value: float) -> str:
    return f"{value:6.2f} s"
