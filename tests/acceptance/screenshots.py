"""Takes the pictures of the console in README.md. While `make demo CONSOLE=1` is open, in this folder:

    python screenshots.py http://localhost:PORT INCIDENT
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "local-aws"))

import console_states  # noqa: E402 - needs the path above
from journeys import Person  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "functions/console/screenshots"
WINDOW = {"width": 1200, "height": 750}


def take(origin: str, incident: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with Person(origin, viewport=WINDOW) as person:
        person.sign_in("counsel-adams")
        page, about = person.page, f"/incidents/{incident}"
        steps = {
            "incidents": lambda: page.goto("/incidents"),
            "incident": lambda: page.goto(about),
            "review": lambda: page.goto(f"/reviews/{incident}/{console_states.AUTHORITY}/1"),
            "facts-preview": lambda: console_states.entered(person, about, risk_level="high"),
        }
        for name, step in steps.items():
            step()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    take(*sys.argv[1:])
