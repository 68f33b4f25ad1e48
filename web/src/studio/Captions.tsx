/** The text tracks of a video: what there is, and the way to more. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { CaptionsView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Confirm } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { CaptionEditor, type EditedTrack } from "./CaptionEditor";
import { CaptionDrop } from "./CaptionDrop";
import { readCaptions, type Cue, type Slip } from "./cue";
import { guessLanguage, nameLanguage } from "./language";

export function Captions({ video }: { video: ListedVideo }) {
  const [tracks, setTracks] = useState<readonly CaptionsView[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [edited, setEdited] = useState<EditedTrack | null>(null);
  const load = (): void => {
    setError(null);
    call("GET /videos/{video_id}/captions", { path: { video_id: video.id } }).then((found) => setTracks(found.items), setError);
  };
  useEffect(load, [video.id]);
  if (error !== null) return <Trouble error={error} missing={text.studio.missing} onRetry={load} />;
  if (tracks === null) return null;
  const names = tracks.map((track) => track.name);
  const done = (): void => {
    setEdited(null);
    load();
  };
  if (edited !== null) return <CaptionEditor video={video} track={edited} taken={names} onDone={done} />;
  const open = async (track: CaptionsView): Promise<void> => {
    const answer = await fetch(`/api/v1/videos/${encodeURIComponent(video.id)}/captions/${encodeURIComponent(track.name)}`).catch(() => null);
    if (answer === null || !answer.ok) return toast(text.problem.network, "bad");
    setEdited({ name: track.name, language: track.language ?? "", label: track.label, ...readCaptions(await answer.text()) });
  };
  const begin = (cues: Cue[], slips: Slip[], fileName: string): void => {
    const language = guessLanguage(fileName);
    setEdited({ name: null, language, label: nameLanguage(language), cues, slips });
  };
  return (
    <section class="captions" aria-label={text.captions.title}>
      {tracks.length === 0 ? (
        <Empty title={text.captions.none} hint={text.captions.noneHint} />
      ) : (
        <ul class="caption-list">
          {tracks.map((track) => (
            <TrackRow key={track.name} video={video} track={track} onEdit={() => void open(track)} onGone={load} />
          ))}
        </ul>
      )}
      <CaptionDrop videoId={video.id} onRead={begin} onNew={() => begin([], [], "")} />
    </section>
  );
}

function TrackRow({ video, track, onEdit, onGone }: { video: ListedVideo; track: CaptionsView; onEdit: () => void; onGone: () => void }) {
  const [asking, setAsking] = useState(false);
  const remove = (): Promise<void> =>
    call("DELETE /videos/{video_id}/captions/{name}", { path: { video_id: video.id, name: track.name } }).then(
      () => {
        toast(text.captions.deleted(track.label));
        onGone();
      },
      (problem: unknown) => toast(sayProblem(problem), "bad"),
    );
  return (
    <li class="caption-row">
      <span class="caption-words">
        <strong>{track.label}</strong>
        <span class="field-hint">
          {[track.language === null ? "" : nameLanguage(track.language), text.captions.origins[track.origin]].filter((word) => word !== "" && word !== track.label).join(" · ")}
        </span>
      </span>
      <button type="button" class="button button-small" onClick={onEdit} aria-label={`${text.studio.edit}: ${track.label}`}>
        <Icon name="edit" size={18} />
        {text.studio.edit}
      </button>
      <a class="icon-button caption-download" href={track.webvtt_url} download={`${track.name}.vtt`} aria-label={text.captions.download(track.label)}>
        <Icon name="save" />
      </a>
      <button type="button" class="icon-button" aria-label={text.captions.remove(track.label)} onClick={() => setAsking(true)}>
        <Icon name="trash" />
      </button>
      {asking && (
        <Confirm title={text.captions.removeTitle(track.label)} hint={text.captions.removeHint} action={text.studio.delete} onYes={remove} onClose={() => setAsking(false)} />
      )}
    </li>
  );
}
