/** Where captions come in: by a file that is chosen or dropped, or by a first cue. */

import { useRef, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { text } from "../text/text";
import { call } from "../api/client";
import { sayProblem } from "../text/problem";
import { readCaptions, type Cue, type Slip } from "./cue";

const MAX_BYTES = 2 * 2 ** 20;

interface CaptionDropProps {
  videoId: string;
  onRead: (cues: Cue[], slips: Slip[], fileName: string) => void;
  onNew: () => void;
}

export function CaptionDrop({ videoId, onRead, onNew }: CaptionDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MAX_BYTES) return toast(text.captions.tooLarge, "bad");
    const bytes = new Uint8Array(await file.arrayBuffer());
    const plain = /\.(vtt|srt)$/i.test(file.name) ? decodeUtf8(bytes) : null;
    if (plain !== null) {
      const { cues, slips } = readCaptions(plain);
      return onRead(cues, slips, file.name);
    }
    // Another encoding or format: the server knows more of them.
    const body = { data: encodeBase64(bytes), file_name: file.name };
    return call("POST /videos/{video_id}/captions/read", { path: { video_id: videoId }, body }).then(
      (found) => {
        toast(text.captions.readAs(found.encoding));
        onRead(readCaptions(found.webvtt).cues, found.slips.map(({ line, message }) => ({ line, words: message })), file.name);
      },
      (problem: unknown) => toast(sayProblem(problem), "bad"),
    );
  };
  return (
    <div
      class={over ? "caption-drop caption-drop-over" : "caption-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <p>{text.captions.drop}</p>
      <div class="actions">
        <button type="button" class="button button-main" onClick={() => input.current?.click()}>
          <Icon name="upload" size={18} />
          {text.captions.choose}
        </button>
        <button type="button" class="button" onClick={onNew}>
          {text.captions.write}
        </button>
      </div>
      <input ref={input} type="file" accept=".vtt,.srt,.ass,.ssa,.ttml,.dfxp,.xml,.sbv,.lrc,.txt" hidden aria-label={text.captions.choose} onChange={(event) => void take(event.currentTarget.files?.[0])} />
    </div>
  );
}

/** The text of UTF-8; null where it is in another encoding. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
