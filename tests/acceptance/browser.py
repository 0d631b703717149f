"""A real Chromium with axe-core, for the pages that people read."""

import functools
import json
import os
import pathlib
import shutil
import subprocess

import lint_tools

HERE = pathlib.Path(__file__).resolve().parent / "pages"
INSTALL = "Chromium is missing: install Debian's package `chromium` (as root: make chromium), or set CHROMIUM to the program"


def chromium() -> str:
    """The program; a machine without it fails by this message rather than testing less."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None or not pathlib.Path(program).is_file():
        raise lint_tools.ToolMissing(INSTALL)
    return program


@functools.cache
def modules() -> str:
    return str(lint_tools.npm_packages(HERE, lint_tools.TOOLS / "pages"))


def look(pages: dict[str, str]) -> list[dict]:
    """What axe-core finds in each page (by name), light at 100% and dark at 200%, and how it lies in a narrow window too."""
    asked = {
        "modules": modules(),
        "chromium": chromium(),
        "pages": [{"name": name, "html": html} for name, html in pages.items()],
    }
    done = subprocess.run(
        ["node", HERE / "look.mjs"], input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, f"the browser did not open the pages:\n{done.stderr[-4000:]}"
    return json.loads(done.stdout)["found"]
