/** Toasts that report the outcome of an action. */

import { useState } from "preact/hooks";

import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";
import { toast } from "./toast.ts";

export function toastProblem(error: unknown): void {
  toast(describeProblem(error), "bad");
}

/** Reports success with `words`, or the problem. */
export function toastOutcome(action: Promise<unknown>, words: string): Promise<void> {
  return action.then(() => toast(words), toastProblem);
}

/** Returns whether an action is running, and a function that starts one and reports its outcome. */
export function useAction(): [
  busy: boolean,
  act: (action: () => Promise<unknown>, words: string) => Promise<void>,
] {
  const [busy, setBusy] = useState(false);
  const act = async (action: () => Promise<unknown>, words: string): Promise<void> => {
    setBusy(true);
    await toastOutcome(action(), words);
    setBusy(false);
  };
  return [busy, act];
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
