import { useEffect, useRef, useState } from "preact/hooks";

import type { Video } from "../api/video.ts";
import { chaptersOf } from "../player/control/chapter.ts";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { formatAge, formatDuration, formatMoment } from "../text/format.ts";
import { text } from "../text/text.ts";
import { words } from "../text/watch/words.ts";
import { type Part, splitDescription } from "./description.ts";

/** The description with links for times and addresses, the tags and the chapters. */
export function Description({ video, player }: { video: Video; player: YeoulPlayer }) {
  const [open, setOpen] = useState(false);
  const [isLong, setIsLong] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = body.current;
    if (element !== null && !open) setIsLong(element.scrollHeight > element.clientHeight + 1);
  }, [video.description, open]);
  const go = (seconds: number): void => {
    player.seekTo(seconds);
    player.scrollIntoView({ block: "nearest" });
  };
  return (
    <div class="about-box">
      <p class="about-facts">
        {text.video.views(video.views)} ·{" "}
        <time dateTime={video.created_at} title={formatMoment(video.created_at)}>
          {formatAge(video.created_at)}
        </time>
        {video.visibility !== "public" && (
          <span class="chip">
            {video.visibility === "private" ? text.video.private : text.video.unlisted}
          </span>
        )}
      </p>
      <div class={open ? "description" : "description description-cut"} id="description" ref={body}>
        {splitDescription(video.description).map((part, n) => (
          <DescriptionPart key={n} part={part} id={video.id} onTime={go} />
        ))}
      </div>
      {isLong && (
        <button
          type="button"
          class="link-button"
          aria-expanded={open}
          aria-controls="description"
          onClick={() => setOpen(!open)}
        >
          {open ? words.page.less : words.page.more}
        </button>
      )}
      {video.tags.length > 0 && (
        <ul class="about-tags" aria-label={words.page.tags}>
          {video.tags.map((tag) => (
            <li key={tag}>
              <a href={`/search?q=${encodeURIComponent(tag)}`}>#{tag}</a>
            </li>
          ))}
        </ul>
      )}
      <Chapters video={video} onTime={go} />
    </div>
  );
}

function DescriptionPart({
  part,
  id,
  onTime,
}: {
  part: Part;
  id: string;
  onTime: (seconds: number) => void;
}) {
  if (part.kind === "text") return <>{part.text}</>;
  if (part.kind === "url") {
    return (
      <a class="text-link" href={part.text} target="_blank" rel="noopener nofollow ugc">
        {part.text}
      </a>
    );
  }
  return <TimeLink id={id} time_s={part.time_s} onTime={onTime} text={part.text} />;
}

function TimeLink({
  id,
  time_s,
  text: shown,
  onTime,
}: {
  id: string;
  time_s: number;
  text: string;
  onTime: (seconds: number) => void;
}) {
  return (
    <a
      class="text-link"
      href={`/watch/${id}?t=${time_s}`}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onTime(time_s);
      }}
    >
      {shown}
    </a>
  );
}

function Chapters({ video, onTime }: { video: Video; onTime: (seconds: number) => void }) {
  const chapters = chaptersOf(video);
  if (chapters.length === 0) return null;
  return (
    <section aria-label={words.page.chapters}>
      <h2 class="about-head">{words.page.chapters}</h2>
      <ol class="chapters">
        {chapters.map((chapter) => (
          <li key={chapter.start_s}>
            <TimeLink
              id={video.id}
              time_s={Math.floor(chapter.start_s)}
              text={formatDuration(chapter.start_s)}
              onTime={() => onTime(chapter.start_s)}
            />
            <span>{chapter.title}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
