/** One text track beside the player: its language, its name, its cues, shown in the picture while they are written. */

import { useEffect, useId, useRef, useState } from "preact/hooks";

import { call, Problem } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { Confirm } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { addCue, findSlip, writeWebvtt, type Cue, type Slip } from "./cue";
import { CueTable, type Focus } from "./CueTable";
import { isLanguage, LANGUAGES, nameLanguage } from "./language";
import { StudioPlayer } from "./StudioPlayer";
import { useShownCues } from "./useShownCues";

export interface EditedTrack {
  /** Null while it is new. */
  name: string | null;
  language: string;
  label: string;
  cues: Cue[];
  /** What of its file could not be read. */
  slips: Slip[];
}

interface CaptionEditorProps {
  video: ListedVideo;
  track: EditedTrack;
  /** Names of tracks that are there. */
  taken: readonly string[];
  onDone: () => void;
}

export function CaptionEditor({ video, track, taken, onDone }: CaptionEditorProps) {
  const [language, setLanguage] = useState(track.language);
  const [label, setLabel] = useState(track.label);
  const [cues, setCues] = useState<readonly Cue[]>(track.cues);
  const [media, setMedia] = useState<HTMLVideoElement | null>(null);
  const [focus, setFocus] = useState<Focus>({ key: null, turn: 0 });
  const focusOn = (key: number | null): void => setFocus((last) => ({ key, turn: last.turn + 1 }));
  const [state, setState] = useState<"" | "checking" | "saving" | "leaving">("");
  const dirty = cues !== track.cues || language !== track.language || label !== track.label || track.name === null;
  useGuard(dirty);
  useShownCues(media, cues);
  const slips = cues.filter((cue) => findSlip(cue) !== null).length;
  const now = (): number => media?.currentTime ?? 0;
  const add = (): void => {
    const { cues: more, added } = addCue(cues, now());
    setCues(more);
    focusOn(added.key);
  };
  const save = async (): Promise<void> => {
    if (slips > 0 || !isLanguage(language) || label.trim() === "" || cues.length === 0) {
      setState("checking");
      return focusOn(cues.find((cue) => findSlip(cue) !== null)?.key ?? null);
    }
    setState("saving");
    try {
      const name = track.name ?? makeName(language, taken);
      await call("PUT /videos/{video_id}/captions/{name}", { path: { video_id: video.id, name }, body: { language, label: label.trim(), webvtt: writeWebvtt(cues) } });
      toast(text.form.saved);
      onDone();
    } catch (error) {
      toast(error instanceof Problem && typeof error.facts["line"] === "number" ? error.message : sayProblem(error), "bad");
      setState("");
    }
  };
  return (
    <section class="caption-editor" aria-label={text.captions.editor}>
      <div class="caption-side">
        <StudioPlayer video={video} onMedia={setMedia} />
        <div class="form">
          <LanguageField value={language} bad={state === "checking" && !isLanguage(language)} onChange={(tag) => {
            if (label === "" || label === nameLanguage(language)) setLabel(isLanguage(tag) ? nameLanguage(tag) : "");
            setLanguage(tag);
          }} />
          <LabelField value={label} bad={state === "checking" && label.trim() === ""} onChange={setLabel} />
        </div>
        <Keys />
      </div>
      <div class="caption-main">
        {track.slips.length > 0 && <Slips slips={track.slips} />}
        {cues.length === 0 && <p class="field-hint">{text.captions.noCues}</p>}
        <CueTable cues={cues} media={media} focus={focus} marked={state === "checking"} onChange={setCues} onAdd={add} onFocus={focusOn} />
        <button type="button" class="button cue-add" onClick={add}>
          {text.captions.add}
        </button>
        <div class={dirty ? "save-bar save-bar-dirty" : "save-bar"}>
          <span role="status">{state === "checking" && slips > 0 ? text.captions.slips(slips) : state === "checking" && cues.length === 0 ? text.captions.noCues : text.captions.count(cues.length)}</span>
          <button type="button" class="button" onClick={() => (dirty && cues.length > 0 ? setState("leaving") : onDone())}>
            {text.form.cancel}
          </button>
          <button type="button" class="button button-main" disabled={state === "saving" || !dirty} onClick={() => void save()}>
            {text.form.save}
          </button>
        </div>
      </div>
      {state === "leaving" && (
        <Confirm title={text.captions.leaveTitle} hint={text.captions.leaveHint} action={text.studio.discard} onYes={async () => onDone()} onClose={() => setState("")} />
      )}
    </section>
  );
}

function LanguageField({ value, bad, onChange }: { value: string; bad: boolean; onChange: (tag: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{text.captions.language}</label>
      <input id={id} class="input" value={value} list={`${id}-list`} autocomplete="off" spellcheck={false} maxLength={35} aria-invalid={bad} aria-describedby={`${id}-hint`} onInput={(event) => onChange(event.currentTarget.value.trim())} />
      <datalist id={`${id}-list`}>
        {LANGUAGES.map((tag) => (
          <option key={tag} value={tag}>
            {nameLanguage(tag)}
          </option>
        ))}
      </datalist>
      <p class={bad ? "field-error" : "field-hint"} id={`${id}-hint`}>
        {bad ? text.captions.badLanguage : isLanguage(value) && nameLanguage(value) !== value ? nameLanguage(value) : text.captions.languageHint}
      </p>
    </div>
  );
}

function LabelField({ value, bad, onChange }: { value: string; bad: boolean; onChange: (label: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{text.captions.label}</label>
      <input id={id} class="input" value={value} maxLength={80} aria-invalid={bad} aria-describedby={`${id}-hint`} onInput={(event) => onChange(event.currentTarget.value)} />
      <p class={bad ? "field-error" : "field-hint"} id={`${id}-hint`}>
        {bad ? text.form.required : text.captions.labelHint}
      </p>
    </div>
  );
}

/** What of a file was left out, and why. */
function Slips({ slips }: { slips: readonly Slip[] }) {
  return (
    <details class="caption-slips" open={slips.length <= 5}>
      <summary>
        <Icon name="warn" size={18} /> {text.captions.leftOut(slips.length)}
      </summary>
      <ul>
        {slips.map((slip) => (
          <li key={slip.line}>{text.captions.atLine(slip.line, slip.words)}</li>
        ))}
      </ul>
    </details>
  );
}

function Keys() {
  return (
    <details class="caption-keys">
      <summary>{text.captions.keys}</summary>
      <dl>
        {text.captions.keyList.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** A name for the API that no other track has: the language, then with a number. */
function makeName(language: string, taken: readonly string[]): string {
  const base = language.toLowerCase().slice(0, 30);
  let name = base;
  for (let number = 2; taken.includes(name); number += 1) name = `${base}-${number}`;
  return name;
}

/** The browser asks before the page is left while something is not saved. */
function useGuard(dirty: boolean): void {
  const is = useRef(dirty);
  is.current = dirty;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (is.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
}
