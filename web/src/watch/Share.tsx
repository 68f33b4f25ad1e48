/** The link, from here or from the beginning, and the frame for other pages. */

import { useId, useRef, useState } from "preact/hooks";

import type { Video } from "../api/video";
import { Dialog } from "../part/Dialog";
import { formatDuration } from "../text/format";
import { words } from "../text/watch/words";

export interface ShareProps {
  video: Video;
  now_s: number;
  onClose: () => void;
}

const ALLOWED = "autoplay; fullscreen; picture-in-picture; encrypted-media";

function escapeMarkup(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

function makeFrame(address: string, video: Video): string {
  const { width, height } = video.source ?? { width: 16, height: 9 };
  return `<iframe src="${escapeMarkup(address)}" title="${escapeMarkup(video.title)}" width="640" height="${Math.round((640 * height) / width)}" style="border:0" allow="${ALLOWED}" allowfullscreen loading="lazy"></iframe>`;
}

export function Share({ video, now_s, onClose }: ShareProps) {
  const [timed, setTimed] = useState(false);
  const from = Math.floor(now_s);
  const query = timed ? `?t=${from}` : "";
  const link = `${location.origin}/watch/${video.id}${query}`;
  return (
    <Dialog title={words.page.share} onClose={onClose}>
      <CopyField label={words.page.link} value={link} />
      <label class="share-time">
        <input type="checkbox" checked={timed} onChange={(event) => setTimed(event.currentTarget.checked)} />
        {words.page.startAt(formatDuration(from))}
      </label>
      {video.visibility !== "private" && <CopyField label={words.page.embed} value={makeFrame(`${location.origin}/embed/${video.id}${query}`, video)} />}
    </Dialog>
  );
}

function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const copy = async (): Promise<void> => {
    // Pages over plain HTTP are given no clipboard.
    if (window.isSecureContext) await navigator.clipboard.writeText(value);
    else {
      field.current?.select();
      document.execCommand("copy");
    }
    setCopied(value);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="share-row">
        <input class="input" id={id} ref={field} readOnly value={value} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="button" onClick={() => void copy()}>
          {copied === value ? words.page.copied : words.page.copy}
        </button>
      </div>
    </div>
  );
}
