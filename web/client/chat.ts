/* Questions to the chat, and answers as they are written, however often the connection breaks. */
import { ApiError, backoffMs, type Client, errorOf, type Problem, type Schemas, sleep } from "./client.js";

export type Answer = Schemas["ChatResponse"];
export type Question = Omit<Schemas["ChatIn"], "stream">;

export type ChatEvent =
  | { name: "start"; data: { conversation_id: number; session_id: string; user_message_id: number; message_id: number; model: string } }
  | { name: "tool"; data: { name: string; status: string } }
  | { name: "sources"; data: { sources: Schemas["ChatSource"][] } }
  | { name: "delta"; data: { text: string } }
  | { name: "replace"; data: { content: string } }
  | { name: "usage"; data: Schemas["ChatUsage"] }
  | { name: "done"; data: Answer }
  | { name: "error"; data: { error: Problem } };

const TRIES = 8;
const ANSWER_MS = 60000; // the longest answer with its pauses; a stream is one request
const SILENCE_MS = 30000; // the API says something every 10 s

export class BrokenOff extends Error {}

/** The capability of a guest. Keep it (localStorage) and give it to the client as `session`. */
export function newSession(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Frame {
  id: string;
  name: string;
  data: string;
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokenOff("silent")), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Events of a body, wherever its bytes are cut. A half event at the end is none. */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await within(SILENCE_MS, reader.read());
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const frame = { id: "", name: "", data: "" };
        for (const line of block.split("\n")) {
          const colon = line.indexOf(": ");
          const field = line.slice(0, colon);
          if (field === "id") frame.id = line.slice(colon + 2);
          else if (field === "event") frame.name = line.slice(colon + 2);
          else if (field === "data") frame.data = line.slice(colon + 2);
        }
        if (frame.data !== "") yield frame; // a comment keeps the connection alive
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Asks, and gives each event once, in order; the last one is `done` or `error`. A refusal is thrown. */
export async function* ask(client: Client, question: Question, signal?: AbortSignal): AsyncGenerator<ChatEvent, void> {
  const key = crypto.randomUUID();
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  let conversation = 0;
  let last = "";
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      /* Until the first event is here: the same question with the same key, which is asked once. Then: what follows. */
      const reply =
        last === ""
          ? await client.once("post", "/api/v1/llm/chat", { body: question, idempotencyKey: key, headers, signal }, ANSWER_MS)
          : await client.once("get", "/api/v1/llm/conversations/{id}/stream",
              { path: { id: conversation }, headers: { ...headers, "Last-Event-ID": last }, signal }, ANSWER_MS);
      if (!reply.ok) throw await errorOf(reply);
      if (reply.status === 204 || reply.body === null) throw new BrokenOff("nothing is left to hear: read the conversation");
      for await (const frame of frames(reply.body)) {
        const event = { name: frame.name, data: JSON.parse(frame.data) } as ChatEvent;
        if (event.name === "start") conversation = event.data.conversation_id;
        if (conversation !== 0) last = frame.id;
        yield event;
        if (event.name === "done" || event.name === "error") return;
        tries = 0;
      }
    } catch (problem) {
      const passing = problem instanceof ApiError && (problem.status === 503 || problem.problem.code === "IDEMPOTENCY_IN_PROGRESS");
      const over = problem instanceof BrokenOff && problem.message !== "silent";
      if (signal?.aborted || over || (problem instanceof ApiError && !passing)) throw problem;
    }
    await sleep(backoffMs(tries, 15000));
  }
  throw new BrokenOff("no connection");
}
