/** Toasts that report the outcome of an action. */

import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";
import { toast } from "./toast.ts";

export function toastProblem(error: unknown): void {
  toast(describeProblem(error), "bad");
}

/** Reports success with `words`, or the problem. */
export function toastOutcome(action: Promise<unknown>, words: string): void {
  action.then(() => toast(words), toastProblem);
}

/**
 * Copies text to the clipboard and reports it with `words`. Pages over plain HTTP have no
 * clipboard.
 */
export function copyWithToast(copied: string, words: string): void {
  const copy = async (): Promise<void> => navigator.clipboard.writeText(copied);
  copy().then(
    () => toast(words),
    () => toast(text.form.failed, "bad"),
  );
}
