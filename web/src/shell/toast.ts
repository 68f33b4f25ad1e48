export type Mood = "good" | "bad";

/** An action that a toast offers, such as undo. */
export interface ToastAction {
  label: string;
  act: () => void;
}

export interface Toast {
  id: number;
  words: string;
  mood: Mood;
  action: ToastAction | undefined;
}

const listeners = new Set<(toast: Toast) => void>();
let count = 0;

/** Shows a toast. */
export function toast(words: string, mood: Mood = "good", action?: ToastAction): void {
  count += 1;
  for (const listener of listeners) listener({ id: count, words, mood, action });
}

/** Calls `listener` for each toast. Returns a function that ends it. */
export function listenForToasts(listener: (toast: Toast) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
