import { useId, useRef, useState } from "preact/hooks";

import type { Video } from "../api/video.ts";
import { Dialog } from "../part/Dialog.tsx";
import { formatDuration } from "../text/format.ts";
import { words } from "../text/watch/words.ts";
import { makeEmbedCode } from "./embed-code.ts";

export interface ShareProps {
  video: Video;
  now_s: number;
  onClose: () => void;
}

/** A dialog with the video's link and its embed code, from the start or from the current time. */
export function Share({ video, now_s, onClose }: ShareProps) {
  const [isTimed, setIsTimed] = useState(false);
  const from = Math.floor(now_s);
  const query = isTimed ? `?t=${from}` : "";
  const link = `${location.origin}/watch/${video.id}${query}`;
  return (
    <Dialog title={words.page.share} onClose={onClose}>
      <CopyField label={words.page.link} value={link} />
      <label class="share-time">
        <input
          type="checkbox"
          checked={isTimed}
          onChange={(event) => setIsTimed(event.currentTarget.checked)}
        />
        {words.page.startAt(formatDuration(from))}
      </label>
      {video.visibility !== "private" && (
        <CopyField
          label={words.page.embed}
          value={makeEmbedCode(`${location.origin}/embed/${video.id}${query}`, video)}
        />
      )}
    </Dialog>
  );
}

function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const copy = async (): Promise<void> => {
    // Pages over plain HTTP have no navigator.clipboard.
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
        <input
          class="input"
          id={id}
          ref={field}
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button" onClick={() => void copy()}>
          {copied === value ? words.page.copied : words.page.copy}
        </button>
      </div>
    </div>
  );
}
