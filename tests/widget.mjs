// A browser that does what it is told: one JSON command a line on stdin, one JSON reply a line on stdout; harness/browser.py
// is its other end. Selectors reach into shadow roots.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
let context, page, requests, problems;

const all = (css) => page.locator(css);

const verbs = {
  // A visitor who was never here.
  async begin({ options = {} }) {
    await context?.close();
    context = await browser.newContext({ reducedMotion: "reduce", ...options });
    page = await context.newPage();
    page.setDefaultTimeout(20000);
    requests = [];
    problems = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("dialog", (dialog) => problems.push("dialog") && dialog.dismiss());
  },
  // In the page, now; before any page's own scripts.
  run: ({ script }) => page.evaluate(script),
  beforehand: ({ script }) => page.addInitScript(script),
  goto: async ({ url }) => (await page.goto(url, { waitUntil: "load" })).status(),
  reload: async () => (await page.reload({ waitUntil: "load" })).status(),
  click: ({ css }) => all(css).click(),
  type: ({ text }) => page.keyboard.type(text),
  async press({ keys }) {
    for (const key of keys) await page.keyboard.press(key);
  },
  // Until there are so many.
  async wait({ css, count = 1 }) {
    if (count > 0) await all(css).nth(count - 1).waitFor();
    else await all(css).first().waitFor({ state: "hidden" });
  },
  texts: ({ css }) => all(css).allInnerTexts(),
  value: ({ css }) => all(css).inputValue(),
  count: ({ css }) => all(css).count(),
  attribute: ({ css, name }) => all(css).getAttribute(name),
  style: ({ css, name }) => all(css).evaluate((node, wanted) => getComputedStyle(node)[wanted], name),
  box: ({ css }) => all(css).boundingBox(),
  widthOfPage: () => page.locator("html").evaluate((node) => node.scrollWidth),
  // What has the keyboard: its data-testid, else its text or tag.
  focus: () => page.locator("body").evaluate(() => {
    let node = document.activeElement;
    while (node.shadowRoot) node = node.shadowRoot.activeElement;
    return node.dataset.testid || node.textContent.trim().slice(0, 40) || node.tagName;
  }),
  offline: ({ on }) => context.setOffline(on),
  seen: () => ({ requests, problems }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...args } = JSON.parse(line);
  let reply;
  try {
    reply = { value: (await verbs[verb](args)) ?? null };
  } catch (failed) {
    reply = { failed: String(failed), seen: { requests, problems } };
  }
  console.log(JSON.stringify(reply));
}
await browser.close();
