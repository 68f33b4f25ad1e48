import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { AudioTrackView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Confirm } from "../../part/Dialog.tsx";
import { Icon } from "../../part/Icon.tsx";
import { IconButton } from "../../part/IconButton.tsx";
import { Trouble } from "../../part/state.tsx";
import { nameLanguage } from "../../preference/language-name.ts";
import { toastProblem } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { describeReason } from "../../text/reason.ts";
import { text } from "../../text/text.ts";
import { AddAudioTrack } from "./AddAudioTrack.tsx";
import { AudioTrackForm, type TrackNames } from "./AudioTrackForm.tsx";

const POLL_MS = 1500;

/** Lists the audio tracks of a video, and adds, edits and deletes them. */
export function AudioTracks({ video }: { video: ListedVideo }) {
  const [tracks, setTracks] = useState<readonly AudioTrackView[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (): void => {
    setError(null);
    call("GET /videos/{video_id}/audio", { path: { video_id: video.id } }).then(
      (answer) => setTracks(answer.items),
      setError,
    );
  };
  useEffect(load, [video.id]);
  const isProcessing = tracks?.some(({ state }) => state === "processing") ?? false;
  useEffect(() => {
    if (!isProcessing) return;
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, [isProcessing]);
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (tracks === null) return null;
  return (
    <section class="captions" aria-label={text.audio.title}>
      <p class="field-hint audio-hint">
        {tracks.length === 0 ? text.audio.silent : text.audio.hint}
      </p>
      <ul class="caption-list">
        {tracks.map((track) => (
          <TrackRow key={track.name} video={video} track={track} onChange={load} />
        ))}
      </ul>
      <AddAudioTrack video={video} onDone={load} />
    </section>
  );
}

function TrackRow({
  video,
  track,
  onChange,
}: {
  video: ListedVideo;
  track: AudioTrackView;
  onChange: () => void;
}) {
  const [state, setState] = useState<"" | "editing" | "deleting">("");
  const path = { video_id: video.id, name: track.name };
  const remove = (): Promise<void> =>
    call("DELETE /videos/{video_id}/audio/{name}", { path }).then(onChange, toastProblem);
  const save = ({ language, label, role }: TrackNames): Promise<void> =>
    call("PATCH /videos/{video_id}/audio/{name}", {
      path,
      body: { label, role, language: language === "" ? null : language },
    }).then(() => {
      toast(text.form.saved);
      setState("");
      onChange();
    }, toastProblem);
  if (state === "editing") {
    return (
      <li class="caption-row">
        <AudioTrackForm
          first={{ language: track.language ?? "", label: track.label, role: track.role }}
          action={text.form.save}
          onSend={save}
          onCancel={() => setState("")}
        />
      </li>
    );
  }
  const name = nameOf(track);
  return (
    <li class="caption-row">
      <span class="caption-words">
        <strong>{name}</strong>
        <span class="field-hint">{factsOf(track).join(" · ")}</span>
      </span>
      <button
        type="button"
        class="button button-small"
        onClick={() => setState("editing")}
        aria-label={`${text.studio.edit}: ${name}`}
      >
        <Icon name="edit" size={18} />
        {text.studio.edit}
      </button>
      {track.name !== "audio" && (
        <IconButton
          icon="trash"
          label={text.audio.remove(name)}
          onClick={() => setState("deleting")}
        />
      )}
      {state === "deleting" && (
        <Confirm
          title={text.audio.removeTitle(name)}
          hint={text.audio.removeHint}
          action={text.studio.delete}
          onYes={remove}
          onClose={() => setState("")}
        />
      )}
    </li>
  );
}

function nameOf(track: AudioTrackView): string {
  if (track.label !== "") return track.label;
  return track.language === null ? text.audio.unnamed : nameLanguage(track.language);
}

function factsOf(track: AudioTrackView): string[] {
  const facts = [
    track.label !== "" && track.language !== null ? nameLanguage(track.language) : "",
    text.audio.roles[track.role],
    track.channels > 2 ? "5.1" : "",
    track.state === "ready" ? "" : text.audio.states[track.state],
    track.error === null ? "" : describeReason(track.error),
  ];
  return facts.filter((fact) => fact !== "");
}
