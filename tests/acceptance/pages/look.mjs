// Opens each page that stdin names in headless Chromium, as readers have it, and writes what axe-core finds to stdout as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { modules, chromium: executablePath, pages } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(pathToFileURL(`${modules}/`));
const { chromium } = require("playwright-core");
const { source } = require("axe-core");

// 200% zoom leaves half of a window of 1280 pixels; 320 pixels are what WCAG 1.4.10 asks to be enough.
const VIEWS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark-200", colorScheme: "dark", width: 640 },
];
const NARROW = 320;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const browser = await chromium.launch({
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const layout = () => ({
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  background: getComputedStyle(document.body).backgroundColor,
  smallest: Math.min(...[...document.body.querySelectorAll("*")].map((element) => parseFloat(getComputedStyle(element).fontSize))),
});
const found = [];
const page = await browser.newPage();
let requests = [];
await page.route("**/*", (route) => {
  requests.push(route.request().url());
  return route.abort();
});
for (const { name, html } of pages) {
  requests = [];
  await page.setContent(html);
  await page.evaluate(source);
  for (const view of VIEWS) {
    await page.emulateMedia({ colorScheme: view.colorScheme });
    await page.setViewportSize({ width: view.width, height: 800 });
    const result = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }), RULES);
    const faults = result.violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
    const unsure = result.incomplete.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }));
    found.push({ page: name, view: view.name, passed: result.passes.length, faults, unsure, requests, ...(await page.evaluate(layout)) });
  }
  await page.setViewportSize({ width: NARROW, height: 800 });
  found.push({ page: name, view: "narrow", passed: 0, faults: [], unsure: [], requests, ...(await page.evaluate(layout)) });
}
await browser.close();
process.stdout.write(JSON.stringify({ version: browser.version(), found }));
