import { useState } from "preact/hooks";

import type { ListedVideo } from "../../api/shape.ts";
import { Icon } from "../../part/Icon.tsx";
import { IconButton } from "../../part/IconButton.tsx";
import { text } from "../../text/text.ts";
import { copyLink, linkOf } from "../link.ts";

/** The video as viewers see it, and its link. */
export function Preview({ video }: { video: ListedVideo }) {
  const [playing, setPlaying] = useState(false);
  return (
    <section class="preview" aria-label={text.studio.preview}>
      <div class="preview-frame">
        {playing ? (
          <iframe
            src={`/embed/${encodeURIComponent(video.id)}?autoplay=1`}
            title={video.title || text.video.untitled}
            allow="autoplay; fullscreen; picture-in-picture"
          />
        ) : (
          <PreviewPoster video={video} onPlay={() => setPlaying(true)} />
        )}
      </div>
      <div class="preview-link">
        <a class="text-link" href={video.watch}>
          {linkOf(video)}
        </a>
        <IconButton icon="link" label={text.video.copy} onClick={() => copyLink(video)} />
        {"share" in navigator && (
          <IconButton
            icon="upload"
            label={text.studio.share}
            onClick={() =>
              void navigator
                .share({ title: video.title, url: linkOf(video) })
                .catch(() => undefined)
            }
          />
        )}
      </div>
      {video.visibility === "private" && (
        <p class="field-hint preview-hint">{text.studio.privateLink}</p>
      )}
    </section>
  );
}

function PreviewPoster({ video, onPlay }: { video: ListedVideo; onPlay: () => void }) {
  return (
    <>
      {video.poster !== null && (
        <img src={video.poster} alt="" width="640" height="360" decoding="async" />
      )}
      {video.playback === null ? (
        <p class="preview-words">{text.studio.notPlayable}</p>
      ) : (
        <button type="button" class="preview-play" aria-label={text.studio.play} onClick={onPlay}>
          <Icon name="play" size={32} />
        </button>
      )}
    </>
  );
}
