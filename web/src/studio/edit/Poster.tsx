import { useEffect, useRef, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { CandidateView, PostersView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { DropTarget } from "../../part/DropTarget.tsx";
import { FileButton } from "../../part/FileButton.tsx";
import { Icon } from "../../part/Icon.tsx";
import { toastProblem, useAction } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { formatDuration } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { StudioPlayer } from "../StudioPlayer.tsx";

const MAX_BYTES = 5 * 2 ** 20;
const FORMATS = "image/jpeg,image/png,image/webp,image/gif";

/** Chooses the poster of a video: a candidate, a frame of the video, or an uploaded picture. */
export function Poster({ video }: { video: ListedVideo }) {
  const [posters, setPosters] = useState<PostersView | null>(null);
  const [busy, act] = useAction();
  const [media, setMedia] = useState<HTMLVideoElement | null>(null);
  const [picking, setPicking] = useState(false);
  const path = { video_id: video.id };
  const load = async (): Promise<void> =>
    setPosters(await call("GET /videos/{video_id}/posters", { path }));
  useEffect(() => {
    void load().catch(toastProblem);
  }, [video.id, video.state]);
  const change = (request: () => Promise<unknown>): Promise<void> =>
    act(() => request().then(load), text.poster.changed);
  const choose = (timeS: number): Promise<void> =>
    change(() => call("PUT /videos/{video_id}/poster", { path, body: { time_s: timeS } }));
  const send = (file: File): void => {
    if (file.size > MAX_BYTES) toast(text.poster.tooLarge, "bad");
    else if (!FORMATS.split(",").includes(file.type)) toast(text.poster.wrongFile, "bad");
    else void change(() => call("PUT /videos/{video_id}/poster", { path, body: file }));
  };
  if (posters === null) return null;
  return (
    <section class="poster-choice" aria-label={text.poster.title} aria-busy={busy}>
      <h2>{text.poster.title}</h2>
      <p class="field-hint">{text.poster.hint}</p>
      <DropTarget class="poster-now" overClass="poster-over" onFile={send}>
        <div class="poster-frame">
          {posters.poster === null ? (
            <span>{text.poster.none}</span>
          ) : (
            <img src={posters.poster} alt={text.poster.now} />
          )}
        </div>
        <div class="poster-actions">
          <FileButton
            class="button button-small"
            accept={FORMATS}
            label={text.poster.upload}
            disabled={busy}
            onFile={send}
          >
            <Icon name="upload" size={18} />
            {text.poster.upload}
          </FileButton>
          {video.playback !== null && (
            <button
              type="button"
              class="button button-small"
              aria-expanded={picking}
              onClick={() => setPicking(!picking)}
            >
              <Icon name="play" size={18} />
              {text.poster.pick}
            </button>
          )}
          {posters.chosen && (
            <button
              type="button"
              class="button button-small"
              disabled={busy}
              onClick={() => void change(() => call("DELETE /videos/{video_id}/poster", { path }))}
            >
              <Icon name="retry" size={18} />
              {text.poster.reset}
            </button>
          )}
        </div>
      </DropTarget>
      {picking && (
        <div class="poster-pick">
          <StudioPlayer video={video} onMedia={setMedia} />
          <button
            type="button"
            class="button button-main"
            disabled={busy || media === null}
            onClick={() => media !== null && void choose(media.currentTime)}
          >
            {text.poster.take}
          </button>
        </div>
      )}
      {posters.items.length > 0 && (
        <ul class="poster-candidates" aria-label={text.poster.candidates}>
          {posters.items.map((item) => (
            <li key={item.time_s}>
              <button
                type="button"
                disabled={busy}
                aria-label={text.poster.frameAt(formatDuration(item.time_s))}
                onClick={() => void choose(item.time_s)}
              >
                <Candidate item={item} />
                <span class="card-duration">{formatDuration(item.time_s)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A thumbnail of a storyboard sheet, drawn on its own. */
function Candidate({ item }: { item: CandidateView }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const sheet = new Image();
    sheet.onload = () =>
      canvas.current
        ?.getContext("2d")
        ?.drawImage(sheet, item.x, item.y, item.width, item.height, 0, 0, item.width, item.height);
    sheet.src = item.sheet;
  }, [item.sheet, item.x, item.y]);
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: it is not focusable.
  return <canvas ref={canvas} width={item.width} height={item.height} aria-hidden="true" />;
}
