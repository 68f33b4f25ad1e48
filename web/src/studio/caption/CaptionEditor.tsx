import { useId, useState } from "preact/hooks";

import { call, Problem } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Confirm } from "../../part/Dialog.tsx";
import { Icon } from "../../part/Icon.tsx";
import { KeyList } from "../../part/KeyList.tsx";
import { useUnloadGuard } from "../../part/use-unload-guard.ts";
import { nameLanguage } from "../../preference/language-name.ts";
import { toast } from "../../shell/toast.ts";
import { describeProblem } from "../../text/problem.ts";
import { text } from "../../text/text.ts";
import { StudioPlayer } from "../StudioPlayer.tsx";
import { CueTable, type Focus } from "./CueTable.tsx";
import { addCue, type Cue, type CueError, findCueError, writeWebvtt } from "./cue.ts";
import { LanguageField } from "./LanguageField.tsx";
import { isLanguage } from "./language-tag.ts";
import { useShownCues } from "./use-shown-cues.ts";

export interface EditedCaption {
  /** Null for a new caption. */
  name: string | null;
  language: string;
  label: string;
  cues: Cue[];
  /** Lines of its file that could not be read. */
  errors: CueError[];
}

interface CaptionEditorProps {
  video: ListedVideo;
  track: EditedCaption;
  /** Names of the existing captions. */
  names: readonly string[];
  onDone: () => void;
}

/** Edits one caption beside the player, which shows the cues while they are written. */
export function CaptionEditor({ video, track, names, onDone }: CaptionEditorProps) {
  const [language, setLanguage] = useState(track.language);
  const [label, setLabel] = useState(track.label);
  const [cues, setCues] = useState<readonly Cue[]>(track.cues);
  const [media, setMedia] = useState<HTMLVideoElement | null>(null);
  const [focus, setFocus] = useState<Focus>({ key: null, turn: 0 });
  const focusOn = (key: number | null): void => setFocus((last) => ({ key, turn: last.turn + 1 }));
  const [state, setState] = useState<"" | "checking" | "saving" | "leaving">("");
  const dirty =
    cues !== track.cues ||
    language !== track.language ||
    label !== track.label ||
    track.name === null;
  useUnloadGuard(dirty);
  useShownCues(media, cues);
  const errors = cues.filter((cue) => findCueError(cue) !== null);
  const add = (): void => {
    const { cues: changed, added } = addCue(cues, media?.currentTime ?? 0);
    setCues(changed);
    focusOn(added.key);
  };
  const save = async (): Promise<void> => {
    if (errors.length > 0 || !isLanguage(language) || label.trim() === "" || cues.length === 0) {
      setState("checking");
      return focusOn(errors[0]?.key ?? null);
    }
    setState("saving");
    try {
      const name = track.name ?? makeName(language, names);
      await call("PUT /videos/{video_id}/captions/{name}", {
        path: { video_id: video.id, name },
        body: { language, label: label.trim(), webvtt: writeWebvtt(cues) },
      });
      toast(text.form.saved);
      onDone();
    } catch (error) {
      toast(
        error instanceof Problem && typeof error.facts.line === "number"
          ? error.message
          : describeProblem(error),
        "bad",
      );
      setState("");
    }
  };
  return (
    <section class="caption-editor" aria-label={text.captions.editor}>
      <div class="caption-side">
        <StudioPlayer video={video} onMedia={setMedia} />
        <div class="form">
          <LanguageField
            value={language}
            isBad={state === "checking" && !isLanguage(language)}
            onChange={(tag) => {
              if (label === "" || label === nameLanguage(language))
                setLabel(isLanguage(tag) ? nameLanguage(tag) : "");
              setLanguage(tag);
            }}
          />
          <LabelField
            value={label}
            isBad={state === "checking" && label.trim() === ""}
            onChange={setLabel}
          />
        </div>
        <details class="caption-keys">
          <summary>{text.captions.keys}</summary>
          <KeyList rows={text.captions.keyList} />
        </details>
      </div>
      <div class="caption-main">
        {track.errors.length > 0 && <UnreadLines errors={track.errors} />}
        {cues.length === 0 && <p class="field-hint">{text.captions.noCues}</p>}
        <CueTable
          cues={cues}
          media={media}
          focus={focus}
          showErrors={state === "checking"}
          onChange={setCues}
          onAdd={add}
          onFocus={focusOn}
        />
        <button type="button" class="button cue-add" onClick={add}>
          {text.captions.add}
        </button>
        <div class={dirty ? "save-bar save-bar-dirty" : "save-bar"}>
          <span role="status">
            {state === "checking" && errors.length > 0
              ? text.captions.slips(errors.length)
              : state === "checking" && cues.length === 0
                ? text.captions.noCues
                : text.captions.count(cues.length)}
          </span>
          <button
            type="button"
            class="button"
            onClick={() => (dirty && cues.length > 0 ? setState("leaving") : onDone())}
          >
            {text.form.cancel}
          </button>
          <button
            type="button"
            class="button button-main"
            disabled={state === "saving" || !dirty}
            onClick={() => void save()}
          >
            {text.form.save}
          </button>
        </div>
      </div>
      {state === "leaving" && (
        <Confirm
          title={text.captions.leaveTitle}
          hint={text.captions.leaveHint}
          action={text.studio.discard}
          onYes={async () => onDone()}
          onClose={() => setState("")}
        />
      )}
    </section>
  );
}

function LabelField({
  value,
  isBad,
  onChange,
}: {
  value: string;
  isBad: boolean;
  onChange: (label: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{text.captions.label}</label>
      <input
        id={id}
        class="input"
        value={value}
        maxLength={80}
        aria-invalid={isBad}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p class={isBad ? "field-error" : "field-hint"} id={`${id}-hint`}>
        {isBad ? text.form.required : text.captions.labelHint}
      </p>
    </div>
  );
}

/** The lines of a file that could not be read, and why. */
function UnreadLines({ errors }: { errors: readonly CueError[] }) {
  return (
    <details class="caption-slips" open={errors.length <= 5}>
      <summary>
        <Icon name="warn" size={18} /> {text.captions.leftOut(errors.length)}
      </summary>
      <ul>
        {errors.map(({ line, words }) => (
          <li key={line}>{text.captions.atLine(line, words)}</li>
        ))}
      </ul>
    </details>
  );
}

/** Returns an unused name for the API: the language, if necessary with a number. */
function makeName(language: string, names: readonly string[]): string {
  const base = language.toLowerCase().slice(0, 30);
  let name = base;
  for (let number = 2; names.includes(name); number += 1) name = `${base}-${number}`;
  return name;
}
