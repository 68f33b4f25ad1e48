import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { CaptionsView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Confirm } from "../../part/Dialog.tsx";
import { Icon } from "../../part/Icon.tsx";
import { IconButton } from "../../part/IconButton.tsx";
import { Empty, Trouble } from "../../part/state.tsx";
import { nameLanguage } from "../../preference/language-name.ts";
import { toastProblem } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { CaptionDrop } from "./CaptionDrop.tsx";
import { CaptionEditor, type EditedCaption } from "./CaptionEditor.tsx";
import { type Cue, type CueError, readCaptions } from "./cue.ts";
import { guessLanguage } from "./language-tag.ts";

/** Lists the captions of a video, and adds, edits and deletes them. */
export function Captions({ video }: { video: ListedVideo }) {
  const [tracks, setTracks] = useState<readonly CaptionsView[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [edited, setEdited] = useState<EditedCaption | null>(null);
  const load = (): void => {
    setError(null);
    call("GET /videos/{video_id}/captions", { path: { video_id: video.id } }).then(
      (answer) => setTracks(answer.items),
      setError,
    );
  };
  useEffect(load, [video.id]);
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (tracks === null) return null;
  const done = (): void => {
    setEdited(null);
    load();
  };
  if (edited !== null)
    return (
      <CaptionEditor
        video={video}
        track={edited}
        names={tracks.map((track) => track.name)}
        onDone={done}
      />
    );
  const open = async (track: CaptionsView): Promise<void> => {
    const answer = await fetch(
      `/api/v1/videos/${encodeURIComponent(video.id)}/captions/${encodeURIComponent(track.name)}`,
    ).catch(() => null);
    if (answer === null || !answer.ok) return toast(text.problem.network, "bad");
    setEdited({
      name: track.name,
      language: track.language ?? "",
      label: track.label,
      ...readCaptions(await answer.text()),
    });
  };
  const create = (cues: Cue[], errors: CueError[], fileName: string): void => {
    const language = guessLanguage(fileName);
    setEdited({ name: null, language, label: nameLanguage(language), cues, errors });
  };
  return (
    <section class="captions" aria-label={text.captions.title}>
      {tracks.length === 0 ? (
        <Empty title={text.captions.none} hint={text.captions.noneHint} />
      ) : (
        <ul class="caption-list">
          {tracks.map((track) => (
            <TrackRow
              key={track.name}
              video={video}
              track={track}
              onEdit={() => void open(track)}
              onDelete={load}
            />
          ))}
        </ul>
      )}
      <CaptionDrop videoId={video.id} onRead={create} onNew={() => create([], [], "")} />
    </section>
  );
}

function TrackRow({
  video,
  track,
  onEdit,
  onDelete,
}: {
  video: ListedVideo;
  track: CaptionsView;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const remove = (): Promise<void> =>
    call("DELETE /videos/{video_id}/captions/{name}", {
      path: { video_id: video.id, name: track.name },
    }).then(() => {
      toast(text.captions.deleted(track.label));
      onDelete();
    }, toastProblem);
  return (
    <li class="caption-row">
      <span class="caption-words">
        <strong>{track.label}</strong>
        <span class="field-hint">
          {[
            track.language === null ? "" : nameLanguage(track.language),
            text.captions.origins[track.origin],
          ]
            .filter((word) => word !== "" && word !== track.label)
            .join(" · ")}
        </span>
      </span>
      <button
        type="button"
        class="button button-small"
        onClick={onEdit}
        aria-label={`${text.studio.edit}: ${track.label}`}
      >
        <Icon name="edit" size={18} />
        {text.studio.edit}
      </button>
      <a
        class="icon-button caption-download"
        href={track.webvtt_url}
        download={`${track.name}.vtt`}
        aria-label={text.captions.download(track.label)}
      >
        <Icon name="save" />
      </a>
      <IconButton
        icon="trash"
        label={text.captions.remove(track.label)}
        onClick={() => setAsking(true)}
      />
      {asking && (
        <Confirm
          title={text.captions.removeTitle(track.label)}
          hint={text.captions.removeHint}
          action={text.studio.delete}
          onYes={remove}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}
