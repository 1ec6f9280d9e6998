// Runs the compiled snippets of docs/frontend.md against a program. Settings come as one JSON argument, what happened goes to
// stdout as JSON.
import { pathToFileURL } from "node:url";

const { folder, baseUrl, token, otherToken, question, stay, cuts } = JSON.parse(process.argv[2]);
const load = (name) => import(pathToFileURL(`${folder}/${name}.js`).href);

const [{ connect, start }, { whoAmI, takeOver }, { sendInquiry }, pages, { rename }, { answerTo }, { ask, newSession }, { Client }] = await Promise.all(
  ["setup", "signin", "errors", "pages", "changes", "asking", "chat", "client"].map(load));

const session = newSession();
const storage = new Map([["chat-session", session]]);
globalThis.localStorage = { getItem: (name) => storage.get(name) ?? null };
const guest = connect(baseUrl, async () => null);
const agent = connect(baseUrl, async () => token);
const told = {};

told.start = await start(guest);
told.guest = await whoAmI(guest);
told.agent = (await whoAmI(agent)).role;

const form = { kind: "question", name: "Ann", email: "ann@example.com", message: "Is it quiet?", consent: true };
told.badInquiry = [...(await sendInquiry(guest, { ...form, email: "nobody" }, crypto.randomUUID())).fields.keys()];
told.inquiry = await sendInquiry(guest, form, crypto.randomUUID());

told.page = await pages.firstPage(guest);
told.rows = (await pages.everything(guest, 5)).map((row) => row.id);

const made = await agent.call("post", "/api/v1/properties", {
  body: { title: "Old name", listing_type: "sale", property_type: "villa", price: { amount_minor: 100, currency: "THB", period: "total" } },
  idempotencyKey: crypto.randomUUID(),
});
const renamed = await rename(agent, made, "New name");
told.renamed = renamed.title;
told.conflict = await rename(agent, made, "Other name").catch((problem) => problem.problem.code);

const shown = [];
const answer = await answerTo(guest, question, (text) => shown.push(text));
told.answer = { content: answer.message.content, shown: shown.at(-1), pieces: shown.length };

// A client whose connections break after the number of bytes given: in the end it knows what one knows that is not disturbed.
class Shaky extends Client {
  paths = [];

  constructor(options, cuts) {
    super(options);
    this.cuts = cuts;
  }

  async once(method, path, ...rest) {
    this.paths.push(`${method} ${path}`);
    const reply = await super.once(method, path, ...rest);
    let left = this.cuts.shift();
    if (left === undefined || !reply.ok || reply.body === null) return reply;
    const broken = reply.body.pipeThrough(new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= Math.min(left, chunk.length);
        if (left === 0) controller.error(new TypeError("cut"));
      },
    }));
    return new Response(broken, { status: reply.status, headers: reply.headers });
  }
}

told.shaky = [];
for (const each of cuts) {
  const shaky = new Shaky(guest.options, each);
  const heard = [];
  for await (const event of ask(shaky, { content: question, new_conversation: true })) heard.push(event);
  told.shaky.push({
    paths: shaky.paths,
    names: heard.map((event) => event.name),
    text: heard.reduce((text, { name, data }) => (name === "delta" ? text + data.text : name === "replace" ? data.content : text), ""),
    content: heard.at(-1).data.message.content,
  });
}
told.conversations = (await guest.call("get", "/api/v1/llm/conversations")).data.length;

if (stay) {
  const { hold } = await load("bookings");
  const key = crypto.randomUUID();
  const first = await hold(agent, stay, key);
  told.held = [first.status, (await hold(agent, stay, key)).id === first.id, await hold(connect(baseUrl, async () => otherToken), stay, crypto.randomUUID())];
}

told.claimed = await takeOver(agent, session);
console.log(JSON.stringify(told));
