import { replaceGlobal } from "./globals.ts";

export interface SentRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: unknown;
  keepalive: boolean;
}

/** Answers a request; "offline" stands for a connection that fails. */
export type Handler = (
  request: SentRequest,
) => Response | "offline" | Promise<Response | "offline">;

/** Replaces `fetch` for one test. Returns the list of requests, which grows. */
export function fakeFetch(
  context: { after(hook: () => void): void },
  handler: Handler,
): SentRequest[] {
  const requests: SentRequest[] = [];
  replaceGlobal(context, "fetch", async (url: string | URL, init: RequestInit = {}) => {
    init.signal?.throwIfAborted();
    const { method = "GET", body = null, headers = {}, keepalive = false } = init;
    const request = {
      method,
      url: String(url),
      headers: headers as Record<string, string>,
      body: typeof body === "string" ? JSON.parse(body) : body,
      keepalive,
    };
    requests.push(request);
    const answer = await handler(request);
    if (answer === "offline") throw new TypeError("fetch failed");
    return answer;
  });
  return requests;
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers });
}

/** Problem details (RFC 9457) as the API sends them. */
export function problem(
  status: number,
  code: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  return json({ code, detail: `${code} happened`, ...more }, status, headers);
}
