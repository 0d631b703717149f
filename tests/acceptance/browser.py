"""A real Chromium with axe-core, for the pages that people read. Playwright drives Debian's; it downloads none."""

import atexit
import functools
import os
import pathlib
import shutil

import lint_tools
from playwright.sync_api import Browser, Page, sync_playwright

HERE = pathlib.Path(__file__).resolve().parent / "pages"
INSTALL = "Chromium is missing: install Debian's package `chromium` (as root: make chromium), or set CHROMIUM to the program"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# 200% zoom leaves half of a window of 1280 pixels; 320 pixels, 400%, are what WCAG 1.4.10 asks to be enough.
WIDE, HALF, NARROW = 1280, 640, 320
VIEWS = [("light", "light", WIDE), ("dark-200", "dark", HALF)]
AXE = """async (values) => {
  // What a frame shows is a page of its own, and looked at as one.
  const rules = { "frame-tested": { enabled: false } };
  const result = await axe.run(document, { runOnly: { type: "tag", values }, rules, iframes: false });
  return {
    passed: result.passes.length,
    faults: result.violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) })),
    unsure: result.incomplete.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) })),
  };
}"""
LAYOUT = """() => ({
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  background: getComputedStyle(document.body).backgroundColor,
  smallest: Math.min(...[...document.body.querySelectorAll("*")].map((element) => parseFloat(getComputedStyle(element).fontSize))),
})"""

PAPER = """() => ({
  background: getComputedStyle(document.body).backgroundColor,
  color: getComputedStyle(document.body).color,
  links: [...document.querySelectorAll("a[href]")].map((link) => ({ href: link.getAttribute("href"), after: getComputedStyle(link, "::after").content })),
})"""


def chromium() -> str:
    """The program; a machine without it fails by this message rather than testing less."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None or not pathlib.Path(program).is_file():
        raise lint_tools.ToolMissing(INSTALL)
    return program


@functools.cache
def axe() -> str:
    """The source of axe-core."""
    modules = lint_tools.npm_packages(HERE, lint_tools.TOOLS / "pages")
    return (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@functools.cache
def opened() -> Browser:
    """One browser for all tests of a run; each test takes contexts of its own."""
    driver = sync_playwright().start()
    atexit.register(driver.stop)
    return driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)


def examine(page: Page) -> dict:
    """What axe-core finds in a page as it stands: `passed` rules, `faults`, and what it is `unsure` about."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe())
    return page.evaluate(AXE, RULES)


def look(pages: dict[str, str]) -> list[dict]:
    """What axe-core finds in each page (by name), light at 100% and dark at 200%, and how it lies in a narrow window too."""
    found = []
    page = opened().new_page()
    requests: list[str] = []

    def refuse(route):
        requests.append(route.request.url)
        route.abort()

    page.route("**/*", refuse)
    for name, html in pages.items():
        requests = []
        page.set_content(html)
        for view, scheme, width in VIEWS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            found.append({"page": name, "view": view, "requests": requests, **examine(page), **page.evaluate(LAYOUT)})
        page.set_viewport_size({"width": NARROW, "height": 800})
        nothing = {"passed": 0, "faults": [], "unsure": []}
        found.append({"page": name, "view": "narrow", "requests": requests, **nothing, **page.evaluate(LAYOUT)})
    page.close()
    return found


def on_paper(pages: dict[str, str]) -> list[dict]:
    """The colours of each page (by name) on paper, and its links with what is printed behind them."""
    found = []
    page = opened().new_page()
    page.route("**/*", lambda route: route.abort())
    # Whoever reads in the dark prints on white all the same.
    page.emulate_media(media="print", color_scheme="dark")
    for name, html in pages.items():
        page.set_content(html)
        found.append({"page": name, **page.evaluate(PAPER)})
    page.close()
    return found
