/** Where captions come in: by a file that is chosen or dropped, or by a first cue. */

import { useRef, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { text } from "../text/text";
import { readCaptions, type Cue, type Slip } from "./cue";

const MAX_BYTES = 2 * 2 ** 20;

interface CaptionDropProps {
  onRead: (cues: Cue[], slips: Slip[], fileName: string) => void;
  onNew: () => void;
}

export function CaptionDrop({ onRead, onNew }: CaptionDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (!/\.(vtt|srt)$/i.test(file.name)) return toast(text.captions.wrongFile, "bad");
    if (file.size > MAX_BYTES) return toast(text.captions.tooLarge, "bad");
    const { cues, slips } = readCaptions(await file.text());
    onRead(cues, slips, file.name);
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
      <input ref={input} type="file" accept=".vtt,.srt" hidden aria-label={text.captions.choose} onChange={(event) => void take(event.currentTarget.files?.[0])} />
    </div>
  );
}
