/** What an error says to people: in their language where it is known, else the server's own words. */

import { Problem } from "../api/client";
import { sayReason } from "./reason";
import { text } from "./text";

const KNOWN: Record<string, string> = {
  network: text.problem.network,
  "account.bad_credentials": text.problem.badCredentials,
  "account.taken": text.problem.taken,
  "account.unauthenticated": text.problem.signedOut,
};

export function sayProblem(error: unknown): string {
  if (!(error instanceof Problem)) return text.state.trouble;
  if (error.status === 429) return text.problem.tooMany(error.retryAfterS ?? 60);
  return KNOWN[error.code] ?? (error.status >= 500 ? text.problem.server : sayReason(error));
}
