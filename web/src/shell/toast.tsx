/** Short news at the window's edge, which screen readers say, too. */

import { useEffect, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { text } from "../text/text";

type Mood = "good" | "bad";
/** What can be done about the news, such as taking it back. */
interface Answer {
  label: string;
  act: () => void;
}
interface Toast {
  id: number;
  words: string;
  mood: Mood;
  answer: Answer | undefined;
}

const SHOWN_MS = 6000;
/** Who is to answer needs time to read, and to get there by keyboard. */
const ANSWERED_MS = 20_000;
const listeners = new Set<(toast: Toast) => void>();
let count = 0;

export function toast(words: string, mood: Mood = "good", answer?: Answer): void {
  const one = { id: (count += 1), words, mood, answer };
  for (const listener of listeners) listener(one);
}

export function Toasts() {
  const [shown, setShown] = useState<Toast[]>([]);
  const drop = (id: number): void => setShown((now) => now.filter((one) => one.id !== id));
  useEffect(() => {
    const take = (one: Toast): void => {
      setShown((now) => [...now.slice(-2), one]);
      window.setTimeout(() => drop(one.id), one.answer === undefined ? SHOWN_MS : ANSWERED_MS);
    };
    listeners.add(take);
    return () => void listeners.delete(take);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((one) => (
        <p key={one.id} class={`news news-${one.mood}`}>
          {one.words}
          {one.answer !== undefined && (
            <button
              type="button"
              class="news-answer"
              onClick={() => {
                drop(one.id);
                one.answer?.act();
              }}
            >
              {one.answer.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={text.shell.dismiss} onClick={() => drop(one.id)}>
            <Icon name="close" size={16} />
          </button>
        </p>
      ))}
    </div>
  );
}
