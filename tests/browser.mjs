// Opens pages in headless Chromium and prints what a person and the network would see, as one line of JSON each.
// usage: node tests/browser.mjs URL...
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
for (const url of process.argv.slice(2)) {
  const page = await browser.newPage();
  const requests = [], problems = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  const reply = await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction(() => document.body.innerText.includes("/api/v1/properties"), null, { timeout: 60000 });
  console.log(JSON.stringify({ url, status: reply.status(), requests, problems, text: await page.innerText("body") }));
  await page.close();
}
await browser.close();
