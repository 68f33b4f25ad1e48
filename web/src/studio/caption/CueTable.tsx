import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";

import { IconButton } from "../../part/IconButton.tsx";
import { text } from "../../text/text.ts";
import { type Cue, findCueError, formatTime, readTime, splitCue } from "./cue.ts";

/**
 * The cue whose text gets the focus. turn: changes with each request, so that a cue can get the
 * focus again.
 */
export interface Focus {
  key: number | null;
  turn: number;
}

interface CueTableProps {
  cues: readonly Cue[];
  media: HTMLVideoElement | null;
  focus: Focus;
  /** Errors are shown for all cues, not only for those that were edited. */
  showErrors: boolean;
  onChange: (change: (cues: readonly Cue[]) => readonly Cue[]) => void;
  onAdd: () => void;
  onFocus: (key: number | null) => void;
}

/** The cues of a caption: times, text and errors. */
export function CueTable({
  cues,
  media,
  focus,
  showErrors,
  onChange,
  onAdd,
  onFocus,
}: CueTableProps) {
  const [playing, setPlaying] = useState<number | null>(null);
  const latest = useRef(cues);
  latest.current = cues;
  useEffect(() => {
    if (media === null) return;
    const onTimeUpdate = (): void => {
      const now = media.currentTime;
      setPlaying(
        latest.current.find(
          (cue) => (readTime(cue.start) ?? 0) <= now && now < (readTime(cue.end) ?? 0),
        )?.key ?? null,
      );
    };
    media.addEventListener("timeupdate", onTimeUpdate);
    return () => media.removeEventListener("timeupdate", onTimeUpdate);
  }, [media]);
  const actions: RowActions = {
    edit: (key, change) =>
      onChange((now) => now.map((cue) => (cue.key === key ? { ...cue, ...change } : cue))),
    setToNow: (key, edge) =>
      media !== null && actions.edit(key, { [edge]: formatTime(media.currentTime) }),
    seek: (cue) => {
      const start = readTime(cue.start);
      if (media !== null && start !== null) media.currentTime = start + 0.001;
    },
    play: () => media !== null && (media.paused ? void media.play() : media.pause()),
    remove: (key) => {
      const index = latest.current.findIndex((cue) => cue.key === key);
      onFocus((latest.current[index + 1] ?? latest.current[index - 1])?.key ?? null);
      onChange((now) => now.filter((cue) => cue.key !== key));
    },
    split: (cue, caret) => {
      const parts = splitCue(cue, caret, media?.currentTime ?? 0);
      onChange((now) => now.flatMap((other) => (other.key === cue.key ? parts : [other])));
      onFocus(parts[1].key);
    },
    add: onAdd,
  };
  // Rows are memoized, so they get a ref that always holds the current actions.
  const act = useRef(actions);
  act.current = actions;
  return (
    <ol class="cues" aria-label={text.captions.cues}>
      {cues.map((cue, index) => (
        <CueRow
          key={cue.key}
          cue={cue}
          number={index + 1}
          playing={cue.key === playing}
          focused={cue.key === focus.key ? focus.turn : 0}
          showErrors={showErrors}
          act={act}
        />
      ))}
    </ol>
  );
}

interface RowActions {
  edit: (key: number, change: Partial<Cue>) => void;
  setToNow: (key: number, edge: "start" | "end") => void;
  seek: (cue: Cue) => void;
  play: () => void;
  remove: (key: number) => void;
  split: (cue: Cue, caret: number) => void;
  add: () => void;
}

interface RowProps {
  cue: Cue;
  number: number;
  playing: boolean;
  /** The turn at which the cue gets the focus; 0 if it does not. */
  focused: number;
  showErrors: boolean;
  act: { current: RowActions };
}

const CueRow = memo(({ cue, number, playing, focused, showErrors, act }: RowProps) => {
  const words = useRef<HTMLTextAreaElement>(null);
  const [edited, setEdited] = useState(false);
  useEffect(() => {
    if (focused > 0) words.current?.focus();
  }, [focused]);
  const error = showErrors || edited ? findCueError(cue) : null;
  const name = text.captions.cue(number);
  const errorId = `slip-${cue.key}`;
  const keys: Record<string, () => void> = {
    KeyI: () => act.current.setToNow(cue.key, "start"),
    KeyO: () => act.current.setToNow(cue.key, "end"),
    KeyP: () => act.current.play(),
    KeyS: () => act.current.split(cue, words.current?.selectionStart ?? 0),
    KeyN: () => act.current.add(),
    Backspace: () => act.current.remove(cue.key),
  };
  return (
    <li
      class={playing ? "cue cue-playing" : "cue"}
      aria-label={name}
      aria-current={playing ? "true" : undefined}
      onFocusOut={(event) =>
        isOtherCue(event.relatedTarget, event.currentTarget) && setEdited(true)
      }
      onKeyDown={(event) => {
        const action =
          event.altKey && !event.ctrlKey && !event.metaKey ? keys[event.code] : undefined;
        if (action === undefined) return;
        event.preventDefault();
        action();
      }}
    >
      <button
        type="button"
        class="cue-number"
        aria-label={text.captions.seek(number)}
        onClick={() => act.current.seek(cue)}
      >
        {number}
      </button>
      <TimeField
        cue={cue}
        edge="start"
        label={text.captions.start}
        act={act}
        isBad={error !== null}
        errorId={errorId}
      />
      <TimeField
        cue={cue}
        edge="end"
        label={text.captions.end}
        act={act}
        isBad={error !== null}
        errorId={errorId}
      />
      <textarea
        ref={words}
        class="input cue-words"
        rows={Math.max(2, cue.text.split("\n").length)}
        aria-label={text.captions.words}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : errorId}
        value={cue.text}
        onInput={(event) => act.current.edit(cue.key, { text: event.currentTarget.value })}
      />
      <span class="cue-actions">
        <IconButton
          icon="split"
          size={18}
          label={text.captions.split(number)}
          title={text.captions.splitShort}
          onClick={() => act.current.split(cue, words.current?.selectionStart ?? 0)}
        />
        <IconButton
          icon="trash"
          size={18}
          label={text.captions.dropCue(number)}
          title={text.studio.delete}
          onClick={() => act.current.remove(cue.key)}
        />
      </span>
      {error !== null && (
        <p class="field-error cue-slip" id={errorId}>
          {error}
        </p>
      )}
    </li>
  );
});

/**
 * True if the focus moves to another cue. If it leaves the list, errors are not shown yet: a row
 * that grows would move the button being pressed.
 */
function isOtherCue(target: EventTarget | null, own: Element): boolean {
  return target instanceof Element && target.closest(".cue") !== null && !own.contains(target);
}

interface TimeFieldProps {
  cue: Cue;
  edge: "start" | "end";
  label: string;
  act: { current: RowActions };
  isBad: boolean;
  errorId: string;
}

function TimeField({ cue, edge, label, act, isBad, errorId }: TimeFieldProps) {
  return (
    <span class={`cue-time cue-${edge}`}>
      <input
        class="input"
        inputMode="decimal"
        autocomplete="off"
        aria-label={label}
        aria-invalid={isBad}
        aria-describedby={isBad ? errorId : undefined}
        value={cue[edge]}
        onInput={(event) => act.current.edit(cue.key, { [edge]: event.currentTarget.value })}
      />
      <IconButton
        icon="clock"
        size={18}
        label={text.captions.set[edge]}
        title={text.captions.set[edge]}
        onClick={() => act.current.setToNow(cue.key, edge)}
      />
    </span>
  );
}
