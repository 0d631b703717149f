"""A person at the console with a keyboard and no mouse: Tab, arrows, Enter, Space and letters are all there is."""

import urllib.parse

import browser
from playwright.sync_api import Locator, Page

MOST_STOPS = 500
# Where the focus is, whether it is the wanted control, and whether a person sees that it is there (WCAG 2.4.7, 2.4.11).
FOCUS = """(wanted) => {
  const focused = document.activeElement;
  const box = focused.getBoundingClientRect();
  const style = getComputedStyle(focused);
  const top = document.elementFromPoint(Math.max(box.left, 0) + 1, Math.min(Math.max(box.top, 0) + 1, innerHeight - 1));
  return {
    there: wanted.includes(focused),
    is_nowhere: focused === document.body,
    // What is in a frame of ours shows its own focus.
    is_seen: focused.tagName === "IFRAME" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 &&
      box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth),
    is_covered: Boolean(top) && focused.tagName !== "IFRAME" && !focused.contains(top) && !top.contains(focused) && !top.closest("label"),
    what: `${focused.tagName.toLowerCase()} ${(focused.ariaLabel || focused.innerText || focused.name || "").slice(0, 60)}`,
  };
}"""


class Person:
    """In a browser of their own, which has nothing of anybody else's."""

    def __init__(self, origin: str, javascript: bool = True, **window):
        self.origin = origin
        self.context = browser.opened().new_context(base_url=origin, java_script_enabled=javascript, **window)
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        # What a page complains about: a refused style or script, an error of ours.
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self):
        return self

    def __exit__(self, *_raised):
        self.context.close()

    def _hear(self, said) -> None:
        # That a page itself is a refusal, such as a 409, is no fault of the page; browsers ask for an icon unasked.
        url = said.location["url"]
        is_expected = said.text.startswith("Failed to load resource") and (url == self.page.url or url.endswith("/favicon.ico"))
        if said.type in ("error", "warning") and not is_expected:
            self.complaints.append(f"{said.text} {url}")

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.page.url).path

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def text(self) -> str:
        """What stands on the page, as it is seen."""
        return self.page.locator("main").inner_text()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, wanted: Locator, key: str = "Tab") -> None:
        """Go on from where the focus is, to any of these controls, at the end of the page around to its beginning."""
        handles = wanted.element_handles()
        assert handles, f"there is no {wanted} on {self.page.url}"
        stops: list[str] = []
        for _ in range(MOST_STOPS):
            found = self.page.evaluate(FOCUS, handles)
            if found["there"]:
                return
            if self.page.url.startswith(self.origin) and not found["is_nowhere"] and stops:
                assert found["is_seen"], f"nobody sees that the focus is on `{found['what']}` of {self.page.url}"
                assert not found["is_covered"], f"`{found['what']}` of {self.page.url} is covered"
            stops.append(found["what"])
            self.press(key)
        raise AssertionError(f"the keyboard does not reach {wanted} on {self.page.url}; it reaches {stops[:120]}")

    def go(self, control: Locator, key: str = "Enter") -> None:
        """Reach a link or a button and use it; it leads somewhere."""
        self.reach(control)
        with self.page.expect_navigation():
            self.press(key)

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, question: str, answer: str) -> None:
        """One of several: Tab reaches the group, arrows go through it."""
        choices = self.page.get_by_role("group", name=question).get_by_role("radio")
        wanted = self.page.get_by_role("group", name=question).get_by_role("radio", name=answer)
        self.reach(choices)
        for _ in range(choices.count() + 1):
            if self.page.evaluate("(wanted) => wanted === document.activeElement", wanted.element_handle()):
                break
            self.press("ArrowDown")
        if not wanted.is_checked():
            self.press("Space")
        assert wanted.is_checked(), f"`{answer}` of `{question}` cannot be chosen"

    def tick(self, box: Locator) -> None:
        self.reach(box)
        if not box.is_checked():
            self.press("Space")
        assert box.is_checked()

    def open(self, summary: Locator) -> None:
        """Open what is folded."""
        self.reach(summary)
        self.press("Enter")
        assert summary.locator("xpath=..").get_attribute("open") is not None

    def sign_in(self, sub: str, wanted: str = "/") -> None:
        """Ask for a page, be sent to the provider, choose who to be, and come to the page."""
        self.page.goto(wanted)
        assert not self.page.url.startswith(self.origin), f"{self.page.url} asks nobody who they are"
        self.go(self.page.get_by_role("button", name=f"({sub};"))
        assert self.page.url.startswith(self.origin), self.page.url

    def sign_out(self) -> None:
        self.go(self.page.get_by_role("button", name="Sign out"))
        if not self.page.url.startswith(self.origin):
            self.go(self.page.get_by_role("button", name="Sign out"))
