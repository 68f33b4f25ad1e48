/** Shown instead of a list or a page: that it is empty, or an error with the next step. */

import type { ComponentChildren } from "preact";

import { Problem } from "../api/client.ts";
import { signInUrl } from "../session/session.ts";
import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";

interface EmptyProps {
  title: string;
  hint?: string;
  /** It is the only content of the page, so its title is the page's heading. */
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

/**
 * An error, with a retry, the sign-in or the way home. missing: the title if a whole page does not
 * exist.
 */
export function Trouble({
  error,
  missing,
  onRetry,
}: {
  error: unknown;
  missing?: string;
  onRetry: () => void;
}) {
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
      <Empty
        title={status === 0 ? text.state.offline : text.state.trouble}
        hint={status === 0 ? text.state.offlineHint : describeProblem(error)}
      >
        <button type="button" class="button" onClick={onRetry}>
          {text.state.retry}
        </button>
      </Empty>
    </div>
  );
}
