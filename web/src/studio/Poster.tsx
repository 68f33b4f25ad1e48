/** The picture that stands for a video: one that was made, a frame of it, or a picture of one's own. */

import { useEffect, useRef, useState } from "preact/hooks";

import { call } from "../api/client";
import type { CandidateView, PostersView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { formatDuration } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { StudioPlayer } from "./StudioPlayer";

const MAX_BYTES = 5 * 2 ** 20;
const FORMATS = "image/jpeg,image/png,image/webp,image/gif";

export function Poster({ video }: { video: ListedVideo }) {
  const [posters, setPosters] = useState<PostersView | null>(null);
  const [busy, setBusy] = useState(false);
  const [media, setMedia] = useState<HTMLVideoElement | null>(null);
  const [picking, setPicking] = useState(false);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const load = async (): Promise<void> => setPosters(await call("GET /videos/{video_id}/posters", { path: { video_id: video.id } }));
  useEffect(() => {
    void load().catch((error: unknown) => toast(sayProblem(error), "bad"));
  }, [video.id, video.state]);
  const change = async (make: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await make();
      await load();
      toast(text.poster.changed);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  const choose = (timeS: number): Promise<void> => change(() => call("PUT /videos/{video_id}/poster", { path: { video_id: video.id }, body: { time_s: timeS } }));
  const send = (file: File | undefined): void => {
    if (file === undefined) return;
    if (file.size > MAX_BYTES) return toast(text.poster.tooLarge, "bad");
    if (!FORMATS.split(",").includes(file.type)) return toast(text.poster.wrongFile, "bad");
    void change(() => call("PUT /videos/{video_id}/poster", { path: { video_id: video.id }, body: file }));
  };
  if (posters === null) return null;
  return (
    <section class="poster-choice" aria-label={text.poster.title} aria-busy={busy}>
      <h2>{text.poster.title}</h2>
      <p class="field-hint">{text.poster.hint}</p>
      <div
        class={over ? "poster-now poster-over" : "poster-now"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          send(event.dataTransfer?.files[0]);
        }}
      >
        <div class="poster-frame">{posters.poster === null ? <span>{text.poster.none}</span> : <img src={posters.poster} alt={text.poster.now} />}</div>
        <div class="poster-actions">
          <button type="button" class="button button-small" disabled={busy} onClick={() => input.current?.click()}>
            <Icon name="upload" size={18} />
            {text.poster.upload}
          </button>
          {video.playback !== null && (
            <button type="button" class="button button-small" aria-expanded={picking} onClick={() => setPicking(!picking)}>
              <Icon name="play" size={18} />
              {text.poster.pick}
            </button>
          )}
          {posters.chosen && (
            <button type="button" class="button button-small" disabled={busy} onClick={() => void change(() => call("DELETE /videos/{video_id}/poster", { path: { video_id: video.id } }))}>
              <Icon name="retry" size={18} />
              {text.poster.reset}
            </button>
          )}
        </div>
        <input ref={input} type="file" accept={FORMATS} hidden aria-label={text.poster.upload} onChange={(event) => send(event.currentTarget.files?.[0])} />
      </div>
      {picking && (
        <div class="poster-pick">
          <StudioPlayer video={video} onMedia={setMedia} />
          <button type="button" class="button button-main" disabled={busy || media === null} onClick={() => media !== null && void choose(media.currentTime)}>
            {text.poster.take}
          </button>
        </div>
      )}
      {posters.items.length > 0 && (
        <ul class="poster-candidates" aria-label={text.poster.candidates}>
          {posters.items.map((item) => (
            <li key={item.time_s}>
              <button type="button" disabled={busy} aria-label={text.poster.frameAt(formatDuration(item.time_s))} onClick={() => void choose(item.time_s)}>
                <Tile item={item} />
                <span class="card-duration">{formatDuration(item.time_s)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A box of a sheet, drawn as a picture of its own. */
function Tile({ item }: { item: CandidateView }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const sheet = new Image();
    sheet.onload = () => canvas.current?.getContext("2d")?.drawImage(sheet, item.x, item.y, item.width, item.height, 0, 0, item.width, item.height);
    sheet.src = item.sheet;
  }, [item.sheet, item.x, item.y]);
  return <canvas ref={canvas} width={item.width} height={item.height} aria-hidden="true" />;
}
