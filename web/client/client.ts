/* The API from a front end: typed requests, errors that are thrown, pages, tries again where that is safe. One file for
 * every product; api.d.ts beside it is the product's, made by scripts/make_client.sh. docs/frontend.md tells how to use it. */
import type { components, paths } from "./api.js";

export type Schemas = components["schemas"];
export type Problem = Schemas["Error"]["error"];
export type Method = "get" | "post" | "put" | "patch" | "delete";

export interface Options {
  /** Origin of the product's API: the only thing that differs between products. */
  baseUrl: string;
  /** Asked before each request; nobody's: the request of a guest. */
  token?: () => Promise<string | null | undefined>;
  /** A guest's session, which is the right to read the guest's conversations. */
  session?: () => string | null | undefined;
  locale?: string;
  timeoutMs?: number;
}

/* ---- what the document says of a route ---- */

export type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, unknown> ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer Op> ? Op : never;
type Query<Op> = Op extends { parameters: { query?: infer Q } } ? { query?: Q } : Op extends { parameters: { query: infer Q } } ? { query: Q } : {};
type Place<Op> = Op extends { parameters: { path: infer V } } ? { path: V } : {};
type Body<Op> = Op extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : { body?: undefined };
export interface Extra {
  idempotencyKey?: string;
  /** Of the row as it was read: another's change in between is 412. */
  ifVersion?: number;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}
type Input<Op> = Extra & Query<Op> & Place<Op> & Body<Op>;
type Arguments<Op> = {} extends Input<Op> ? [input?: Input<Op>] : [input: Input<Op>];
type ReplyBody<R> = R extends { content: { "application/json": infer B } } ? B : undefined;
export type Reply<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? { [S in keyof R & (200 | 201 | 202 | 204)]: ReplyBody<R[S]> }[keyof R & (200 | 201 | 202 | 204)] : never;

/* ---- errors ---- */

export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfterS: number | null;

  constructor(status: number, problem: Problem, retryAfterS: number | null) {
    super(`${problem.code}: ${problem.message} (${problem.request_id})`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }

  /** What is wrong with which field, for a form. */
  get fields(): Map<string, string> {
    return new Map((this.problem.details ?? []).map((detail) => [detail.field, detail.message]));
  }
}

/* A proxy in between may answer with a page of its own. */
export async function errorOf(reply: Response): Promise<ApiError> {
  const known = (await reply.json().catch(() => null)) as Partial<Schemas["Error"]> | null;
  const seconds = Number(reply.headers.get("Retry-After"));
  const unknown: Problem = {
    code: reply.status === 429 ? "RATE_LIMITED" : reply.status >= 500 ? "SERVICE_UNAVAILABLE" : "BAD_REQUEST",
    message: reply.statusText || `Status ${reply.status}`,
    product: "",
    timestamp: new Date().toISOString(),
    path: new URL(reply.url).pathname,
    request_id: reply.headers.get("X-Request-Id") ?? "",
  };
  return new ApiError(reply.status, known?.error ?? unknown, seconds > 0 ? seconds : null);
}

/* ---- requests ---- */

const TRIES = 3;
const PATIENCE_S = 10; // a longer Retry-After is for the person to decide on

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Full jitter: clients that failed together do not come back together. */
export function backoffMs(tries: number, mostMs = 5000): number {
  return Math.random() * Math.min(mostMs, 250 * 2 ** tries);
}

function isPassing(error: ApiError): boolean {
  const { code } = error.problem;
  return (error.status === 503 || error.status === 429 || code === "IDEMPOTENCY_IN_PROGRESS") && (error.retryAfterS ?? 1) <= PATIENCE_S;
}

export interface Sent extends Extra {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
}

export class Client {
  readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  private url(template: string, sent: Sent): string {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(sent.path?.[name] ?? "")));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(sent.query ?? {})) {
      if (value !== undefined && value !== null) query.set(name, String(value)); // a list is separated by commas
    }
    const text = query.toString();
    return `${this.options.baseUrl}${path}${text && `?${text}`}`;
  }

  private async headers(sent: Sent): Promise<Record<string, string>> {
    const token = await this.options.token?.();
    const session = token ? null : this.options.session?.();
    return {
      ...(this.options.locale && { "Accept-Language": this.options.locale }),
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(session && { "X-Session-Id": session }),
      ...(sent.body !== undefined && { "Content-Type": "application/json" }),
      ...(sent.idempotencyKey && { "Idempotency-Key": sent.idempotencyKey }),
      ...(sent.ifVersion !== undefined && { "If-Match": `"v${sent.ifVersion}"` }),
      ...sent.headers,
    };
  }

  /** One try. Throws what fetch throws: no connection, or no reply in time. */
  async once(method: Method, path: string, sent: Sent, timeoutMs = this.options.timeoutMs ?? 30000): Promise<Response> {
    const signals = [AbortSignal.timeout(timeoutMs), ...(sent.signal ? [sent.signal] : [])];
    return fetch(this.url(path, sent), {
      method: method.toUpperCase(),
      headers: await this.headers(sent),
      signal: AbortSignal.any(signals),
      ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
    });
  }

  private async send(method: Method, path: string, sent: Sent): Promise<Response> {
    const repeatable = method === "get" || sent.idempotencyKey !== undefined;
    for (let tries = 1; ; tries++) {
      const last = !repeatable || tries === TRIES;
      let pauseMs = backoffMs(tries);
      try {
        const reply = await this.once(method, path, sent);
        if (reply.ok) return reply;
        const error = await errorOf(reply);
        if (last || !isPassing(error)) throw error;
        pauseMs += 1000 * (error.retryAfterS ?? 0);
      } catch (problem) {
        if (last || problem instanceof ApiError || sent.signal?.aborted) throw problem;
      }
      await sleep(pauseMs);
    }
  }

  /** The body of the reply, or an ApiError. Reads, and writes with a key, are tried again where that can help. */
  async call<M extends Method, P extends PathWith<M>>(method: M, path: P, ...[input]: Arguments<Operation<P, M>>): Promise<Reply<P, M>> {
    const reply = await this.send(method, path, (input ?? {}) as Sent);
    const text = await reply.text();
    return (text === "" ? undefined : JSON.parse(text)) as Reply<P, M>;
  }

  /** All rows of a list, page by page, as they are wanted. */
  async *rows<P extends PathWith<"get">>(path: P, ...[input]: Arguments<Operation<P, "get">>): AsyncGenerator<Row<Reply<P, "get">>, void> {
    const sent = (input ?? {}) as Sent;
    for (let cursor: string | null | undefined = undefined; cursor !== null; ) {
      const reply = await this.send("get", path, { ...sent, query: { ...sent.query, cursor } });
      const page = (await reply.json()) as { data: Row<Reply<P, "get">>[]; next_cursor: string | null };
      yield* page.data;
      cursor = page.next_cursor;
    }
  }
}

export type Row<Page> = Page extends { data: (infer Item)[] } ? Item : never;
