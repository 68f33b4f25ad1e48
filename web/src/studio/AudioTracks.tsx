/** The audio tracks of a video: what there is, how viewers read it, and the way to more. */

import { useEffect, useId, useRef, useState } from "preact/hooks";

import { call } from "../api/client";
import type { AudioTrackView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Confirm } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { sayReason } from "../text/reason";
import { text } from "../text/text";
import { putSigned } from "../upload/put";
import { sha256 } from "../upload/sha256";
import { guessLanguage, isLanguage, LANGUAGES, nameLanguage } from "./language";

type Role = AudioTrackView["role"];
const ROLES: readonly Role[] = ["main", "dub", "description", "commentary"];
const MAX_BYTES = 512 * 2 ** 20;
const LOOK_AGAIN_MS = 1500;

export function AudioTracks({ video }: { video: ListedVideo }) {
  const [tracks, setTracks] = useState<readonly AudioTrackView[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (): void => {
    setError(null);
    call("GET /videos/{video_id}/audio", { path: { video_id: video.id } }).then((found) => setTracks(found.items), setError);
  };
  useEffect(load, [video.id]);
  const waits = tracks?.some(({ state }) => state === "processing") ?? false;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(load, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [waits]);
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (tracks === null) return null;
  return (
    <section class="captions" aria-label={text.audio.title}>
      <p class="field-hint audio-hint">{tracks.length === 0 ? text.audio.silent : text.audio.hint}</p>
      <ul class="caption-list">
        {tracks.map((track) => (
          <TrackRow key={track.name} video={video} track={track} onChange={load} />
        ))}
      </ul>
      <AddTrack video={video} onDone={load} />
    </section>
  );
}

function TrackRow({ video, track, onChange }: { video: ListedVideo; track: AudioTrackView; onChange: () => void }) {
  const [state, setState] = useState<"" | "editing" | "removing">("");
  const called = track.label !== "" ? track.label : track.language !== null ? nameLanguage(track.language) : text.audio.unnamed;
  const path = { video_id: video.id, name: track.name };
  const told = (problem: unknown): void => toast(sayProblem(problem), "bad");
  const remove = (): Promise<void> => call("DELETE /videos/{video_id}/audio/{name}", { path }).then(onChange, told);
  const save = (values: TrackNames): Promise<void> =>
    call("PATCH /videos/{video_id}/audio/{name}", { path, body: { ...values, language: values.language === "" ? null : values.language } }).then(() => {
      toast(text.form.saved);
      setState("");
      onChange();
    }, told);
  const facts = [
    track.label !== "" && track.language !== null ? nameLanguage(track.language) : "",
    text.audio.roles[track.role],
    track.channels > 2 ? "5.1" : "",
    track.state === "ready" ? "" : text.audio.states[track.state],
    track.error === null ? "" : sayReason(track.error),
  ];
  if (state === "editing") {
    return (
      <li class="caption-row">
        <NameForm first={{ language: track.language ?? "", label: track.label, role: track.role }} action={text.form.save} onSend={save} onCancel={() => setState("")} />
      </li>
    );
  }
  return (
    <li class="caption-row">
      <span class="caption-words">
        <strong>{called}</strong>
        <span class="field-hint">{facts.filter((word) => word !== "").join(" · ")}</span>
      </span>
      <button type="button" class="button button-small" onClick={() => setState("editing")} aria-label={`${text.studio.edit}: ${called}`}>
        <Icon name="edit" size={18} />
        {text.studio.edit}
      </button>
      {track.name !== "audio" && (
        <button type="button" class="icon-button" aria-label={text.audio.remove(called)} onClick={() => setState("removing")}>
          <Icon name="trash" />
        </button>
      )}
      {state === "removing" && <Confirm title={text.audio.removeTitle(called)} hint={text.audio.removeHint} action={text.studio.delete} onYes={remove} onClose={() => setState("")} />}
    </li>
  );
}

interface TrackNames {
  language: string;
  label: string;
  role: Role;
}

function NameForm({ first, action, onSend, onCancel }: { first: TrackNames; action: string; onSend: (values: TrackNames) => Promise<void>; onCancel: () => void }) {
  const id = useId();
  const [values, setValues] = useState(first);
  const [busy, setBusy] = useState(false);
  const bad = values.language !== "" && !isLanguage(values.language);
  const send = async (): Promise<void> => {
    if (busy || bad) return;
    setBusy(true);
    await onSend({ ...values, label: values.label.trim() });
    setBusy(false);
  };
  return (
    <form
      class="form audio-form"
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="field">
        <label for={`${id}-language`}>{text.captions.language}</label>
        <input
          id={`${id}-language`}
          class="input"
          list={`${id}-languages`}
          value={values.language}
          maxLength={35}
          aria-invalid={bad}
          aria-describedby={`${id}-hint`}
          onInput={(event) => setValues({ ...values, language: event.currentTarget.value.trim() })}
        />
        <datalist id={`${id}-languages`}>
          {LANGUAGES.map((tag) => (
            <option key={tag} value={tag}>
              {nameLanguage(tag)}
            </option>
          ))}
        </datalist>
        <p class="field-hint" id={`${id}-hint`}>
          {bad ? text.captions.badLanguage : values.language === "" ? text.captions.languageHint : nameLanguage(values.language)}
        </p>
      </div>
      <div class="field">
        <label for={`${id}-label`}>{text.captions.label}</label>
        <input id={`${id}-label`} class="input" value={values.label} maxLength={80} onInput={(event) => setValues({ ...values, label: event.currentTarget.value })} />
      </div>
      <div class="field">
        <label for={`${id}-role`}>{text.audio.role}</label>
        <select id={`${id}-role`} class="input" value={values.role} onChange={(event) => setValues({ ...values, role: event.currentTarget.value as Role })}>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {text.audio.roles[role]}
            </option>
          ))}
        </select>
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={onCancel}>
          {text.studio.discard}
        </button>
        <button type="submit" class="button button-main" disabled={busy || bad}>
          {action}
        </button>
      </div>
    </form>
  );
}

function AddTrack({ video, onDone }: { video: ListedVideo; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const take = (chosen: File | undefined): void => {
    if (chosen === undefined) return;
    if (chosen.size > MAX_BYTES) toast(text.audio.tooLarge, "bad");
    else setFile(chosen);
  };
  const send = async (values: TrackNames, chosen: File): Promise<void> => {
    try {
      const body = new Uint8Array(await chosen.arrayBuffer());
      const declared = { ...values, language: values.language === "" ? null : values.language, size_bytes: body.length, sha256: await sha256(body) };
      const made = await call("POST /videos/{video_id}/audio", { path: { video_id: video.id }, body: declared });
      if (made.url !== null) {
        let sent = 0;
        const count = (bytes: number): void => setShare((sent += bytes) / Math.max(1, body.length));
        await putSigned({ index: 0, url: made.url, path: made.path, headers: made.headers }, body, count, new AbortController().signal);
      }
      await call("POST /videos/{video_id}/audio/{name}/landed", { path: { video_id: video.id, name: made.track.name } });
      setFile(null);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setShare(null);
    onDone();
  };
  if (file !== null) {
    return (
      <div class="caption-drop">
        <p>{file.name}</p>
        {share !== null && <progress max={1} value={share} aria-label={text.audio.sending} />}
        <NameForm first={{ language: guessLanguage(file.name), label: "", role: "dub" }} action={text.audio.add} onSend={(values) => send(values, file)} onCancel={() => setFile(null)} />
      </div>
    );
  }
  return (
    <div
      class="caption-drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer?.files[0]);
      }}
    >
      <p>{text.audio.drop}</p>
      <div class="actions">
        <button type="button" class="button button-main" onClick={() => input.current?.click()}>
          <Icon name="upload" size={18} />
          {text.captions.choose}
        </button>
      </div>
      <input ref={input} type="file" accept="audio/*,video/*,.mka,.ac3,.eac3,.dts" hidden aria-label={text.audio.add} onChange={(event) => take(event.currentTarget.files?.[0])} />
    </div>
  );
}
