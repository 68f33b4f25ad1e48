/** What stands where a list or a page would be: nothing yet, nothing at all, or an error with a way on. */

import type { ComponentChildren } from "preact";

import { Problem } from "../api/client";
import { signInUrl } from "../session/session";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

interface EmptyProps {
  title: string;
  hint?: string;
  /** Where it is all that the page says. */
  alone?: boolean;
  children?: ComponentChildren;
}

export function Empty({ title, hint, alone = false, children }: EmptyProps) {
  const Title = alone ? "h1" : "p";
  return (
    <div class="empty">
      <svg class="empty-wave" viewBox="0 0 96 32" width="96" height="32" aria-hidden="true">
        <path d="M4 12c11 0 11-7 22-7s11 7 22 7 11-7 22-7 11 7 22 7M4 26c11 0 11-7 22-7s11 7 22 7 11-7 22-7 11 7 22 7" />
      </svg>
      <Title class="empty-title">{title}</Title>
      {hint !== undefined && <p class="empty-hint">{hint}</p>}
      {children}
    </div>
  );
}

/** An error in a list's or a page's place. */
export function Trouble({ error, missing, onRetry }: { error: unknown; missing?: string; onRetry: () => void }) {
  const status = error instanceof Problem ? error.status : -1;
  if (status === 401) {
    return (
      <Empty alone={missing !== undefined} title={text.state.signInFirst}>
        <a class="button button-main" href={signInUrl()}>
          {text.shell.signIn}
        </a>
      </Empty>
    );
  }
  if (status === 404 || status === 410) {
    return missing === undefined ? (
      <Empty title={text.state.unavailable} />
    ) : (
      <Empty alone title={missing} hint={text.state.missingHint}>
        <a class="button" href="/">
          {text.state.toHome}
        </a>
      </Empty>
    );
  }
  return (
    <div role="alert">
      <Empty title={status === 0 ? text.state.offline : text.state.trouble} hint={status === 0 ? text.state.offlineHint : sayProblem(error)}>
        <button type="button" class="button" onClick={onRetry}>
          {text.state.retry}
        </button>
      </Empty>
    </div>
  );
}
