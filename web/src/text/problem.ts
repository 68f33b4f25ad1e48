/** Sentences for errors, in the page's language; errors without one have the server's message. */

import { Problem } from "../api/client.ts";
import { describeReason } from "./reason.ts";
import { text } from "./text.ts";

const KNOWN: Record<string, string> = {
  network: text.problem.network,
  "account.bad_credentials": text.problem.badCredentials,
  "account.taken": text.problem.taken,
  "account.unauthenticated": text.problem.signedOut,
};

export function describeProblem(error: unknown): string {
  if (!(error instanceof Problem)) return text.state.trouble;
  if (error.status === 429) return text.problem.tooMany(error.retryAfterS ?? 60);
  return KNOWN[error.code] ?? (error.status >= 500 ? text.problem.server : describeReason(error));
}
