/** The cues of a track: each with its times, its words, and what is wrong with them. */

import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { text } from "../text/text";
import { findSlip, formatTime, readTime, splitCue, type Cue } from "./cue";

/** The cue whose words get the focus. turn: counts, so that the same one can get it again. */
export interface Focus {
  key: number | null;
  turn: number;
}

interface CueTableProps {
  cues: readonly Cue[];
  media: HTMLVideoElement | null;
  focus: Focus;
  /** Slips are shown of all cues, not only of those that were touched. */
  marked: boolean;
  onChange: (change: (cues: readonly Cue[]) => readonly Cue[]) => void;
  onAdd: () => void;
  onFocus: (key: number | null) => void;
}

export function CueTable({ cues, media, focus, marked, onChange, onAdd, onFocus }: CueTableProps) {
  const [playing, setPlaying] = useState<number | null>(null);
  const list = useRef(cues);
  list.current = cues;
  useEffect(() => {
    if (media === null) return;
    const look = (): void => {
      const at = media.currentTime;
      setPlaying(list.current.find((cue) => (readTime(cue.start) ?? 0) <= at && at < (readTime(cue.end) ?? 0))?.key ?? null);
    };
    media.addEventListener("timeupdate", look);
    return () => media.removeEventListener("timeupdate", look);
  }, [media]);
  const act = useRef<RowActions>(null!);
  act.current = {
    edit: (key, change) => onChange((now) => now.map((cue) => (cue.key === key ? { ...cue, ...change } : cue))),
    mark: (key, edge) => media !== null && act.current.edit(key, { [edge]: formatTime(media.currentTime) }),
    seek: (cue) => {
      const start = readTime(cue.start);
      if (media !== null && start !== null) media.currentTime = start + 0.001;
    },
    play: () => media !== null && (media.paused ? void media.play() : media.pause()),
    drop: (key) => {
      const place = list.current.findIndex((cue) => cue.key === key);
      onFocus((list.current[place + 1] ?? list.current[place - 1])?.key ?? null);
      onChange((now) => now.filter((cue) => cue.key !== key));
    },
    split: (cue, caret) => {
      const parts = splitCue(cue, caret, media?.currentTime ?? 0);
      onChange((now) => now.flatMap((one) => (one.key === cue.key ? parts : [one])));
      onFocus(parts[1].key);
    },
    add: onAdd,
  };
  return (
    <ol class="cues" aria-label={text.captions.cues}>
      {cues.map((cue, index) => (
        <CueRow key={cue.key} cue={cue} number={index + 1} playing={cue.key === playing} focused={cue.key === focus.key ? focus.turn : 0} marked={marked} act={act} />
      ))}
    </ol>
  );
}

interface RowActions {
  edit: (key: number, change: Partial<Cue>) => void;
  mark: (key: number, edge: "start" | "end") => void;
  seek: (cue: Cue) => void;
  play: () => void;
  drop: (key: number) => void;
  split: (cue: Cue, caret: number) => void;
  add: () => void;
}

interface RowProps {
  cue: Cue;
  number: number;
  playing: boolean;
  /** The turn at which it gets the focus, 0 where it does not. */
  focused: number;
  marked: boolean;
  act: { current: RowActions };
}

const CueRow = memo(({ cue, number, playing, focused, marked, act }: RowProps) => {
  const words = useRef<HTMLTextAreaElement>(null);
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    if (focused > 0) words.current?.focus();
  }, [focused]);
  const slip = marked || touched ? findSlip(cue) : null;
  const name = text.captions.cue(number);
  const slipId = `slip-${cue.key}`;
  const keys: Record<string, () => void> = {
    KeyI: () => act.current.mark(cue.key, "start"),
    KeyO: () => act.current.mark(cue.key, "end"),
    KeyP: () => act.current.play(),
    KeyS: () => act.current.split(cue, words.current?.selectionStart ?? 0),
    KeyN: () => act.current.add(),
    Backspace: () => act.current.drop(cue.key),
  };
  return (
    <li
      class={playing ? "cue cue-playing" : "cue"}
      aria-label={name}
      aria-current={playing ? "true" : undefined}
      onFocusOut={(event) => isOtherCue(event.relatedTarget, event.currentTarget) && setTouched(true)}
      onKeyDown={(event) => {
        const action = event.altKey && !event.ctrlKey && !event.metaKey ? keys[event.code] : undefined;
        if (action === undefined) return;
        event.preventDefault();
        action();
      }}
    >
      <button type="button" class="cue-number" aria-label={text.captions.seek(number)} onClick={() => act.current.seek(cue)}>
        {number}
      </button>
      <TimeField cue={cue} edge="start" label={text.captions.start} act={act} bad={slip !== null} slipId={slipId} />
      <TimeField cue={cue} edge="end" label={text.captions.end} act={act} bad={slip !== null} slipId={slipId} />
      <textarea
        ref={words}
        class="input cue-words"
        rows={Math.max(2, cue.text.split("\n").length)}
        aria-label={text.captions.words}
        aria-invalid={slip !== null}
        aria-describedby={slip === null ? undefined : slipId}
        value={cue.text}
        onInput={(event) => act.current.edit(cue.key, { text: event.currentTarget.value })}
      />
      <span class="cue-actions">
        <button type="button" class="icon-button" aria-label={text.captions.split(number)} title={text.captions.splitShort} onClick={() => act.current.split(cue, words.current?.selectionStart ?? 0)}>
          <Icon name="split" size={18} />
        </button>
        <button type="button" class="icon-button" aria-label={text.captions.dropCue(number)} title={text.studio.delete} onClick={() => act.current.drop(cue.key)}>
          <Icon name="trash" size={18} />
        </button>
      </span>
      {slip !== null && (
        <p class="field-error cue-slip" id={slipId}>
          {slip}
        </p>
      )}
    </li>
  );
});

/** Whether the focus goes to another cue. Not so where it leaves the list: a row that grew would move the button that is being pressed. */
function isOtherCue(target: EventTarget | null, own: Element): boolean {
  return target instanceof Element && target.closest(".cue") !== null && !own.contains(target);
}

interface TimeFieldProps {
  cue: Cue;
  edge: "start" | "end";
  label: string;
  act: { current: RowActions };
  bad: boolean;
  slipId: string;
}

function TimeField({ cue, edge, label, act, bad, slipId }: TimeFieldProps) {
  return (
    <span class={`cue-time cue-${edge}`}>
      <input
        class="input"
        inputMode="decimal"
        autocomplete="off"
        aria-label={label}
        aria-invalid={bad}
        aria-describedby={bad ? slipId : undefined}
        value={cue[edge]}
        onInput={(event) => act.current.edit(cue.key, { [edge]: event.currentTarget.value })}
      />
      <button type="button" class="icon-button" aria-label={text.captions.set[edge]} title={text.captions.set[edge]} onClick={() => act.current.mark(cue.key, edge)}>
        <Icon name="clock" size={18} />
      </button>
    </span>
  );
}
