/**
 * The API client: `call("GET /videos/{video_id}", { path: { video_id } })`. The operation's name
 * types its body and answer.
 */

import type { Operations } from "./schema.d.ts";

export type Api = Operations;

export interface Given<Body> {
  path?: Record<string, string>;
  query?: Record<string, string | number | null | undefined>;
  /** Sent as JSON; a Blob is sent unchanged. */
  body?: Body;
  signal?: AbortSignal;
  /** Prevents a repeated write from creating two things. */
  idempotencyKey?: string;
}

/** An answer of the API that is not 2xx (RFC 9457 problem details). Status 0: no answer arrived. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly facts: Record<string, unknown>;
  /** When to retry; null if the server did not say. */
  readonly retryAfterS: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    facts: Record<string, unknown> = {},
    retryAfterS: number | null = null,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
    this.retryAfterS = retryAfterS;
  }

  /** The invalid field of the request without its location, such as "password". */
  get field(): string | null {
    const field = this.facts.field;
    return typeof field === "string" ? (field.split(".").at(-1) ?? null) : null;
  }
}

const ROOT = "/api/v1";

/** Calls the API. Raises Problem; an aborted call raises the signal's AbortError. */
export async function call<Name extends keyof Api>(
  name: Name,
  given: Given<Api[Name]["body"]> = {},
): Promise<Api[Name]["answer"]> {
  const [method = "", path = ""] = name.split(" ");
  const response = await fetch(makeUrl(path, given), makeRequest(method, given)).catch(
    (cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw new Problem(0, "network", "The server is not responding.");
    },
  );
  if (!response.ok) throw await readProblem(response);
  const text = response.status === 204 ? "" : await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Api[Name]["answer"];
}

function makeUrl(path: string, given: Given<unknown>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(given.path?.[key] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(given.query ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.set(key, String(value));
  }
  return `${ROOT}${filled}${query.size > 0 ? `?${query}` : ""}`;
}

function makeRequest(method: string, given: Given<unknown>): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  const request: RequestInit = { method, headers };
  if (given.idempotencyKey !== undefined) headers["idempotency-key"] = given.idempotencyKey;
  if (given.signal !== undefined) request.signal = given.signal;
  if (given.body instanceof Blob) {
    headers["content-type"] = given.body.type || "application/octet-stream";
    request.body = given.body;
  } else if (given.body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(given.body);
  }
  return request;
}

/** Reads problem details, or only the status if the answer is something else. */
async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as {
    code?: string;
    detail?: unknown;
    title?: string;
    facts?: Record<string, unknown>;
  };
  const message =
    typeof body.detail === "string" ? body.detail : (body.title ?? response.statusText);
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new Problem(
    response.status,
    body.code ?? `http.${response.status}`,
    message,
    body.facts ?? {},
    Number.isFinite(wait) ? wait : null,
  );
}
