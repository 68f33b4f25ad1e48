import { encodeBase64 } from "../../api/base64.ts";
import { call } from "../../api/client.ts";
import { DropTarget } from "../../part/DropTarget.tsx";
import { FileButton } from "../../part/FileButton.tsx";
import { Icon } from "../../part/Icon.tsx";
import { toastProblem } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { type Cue, type CueError, readCaptions } from "./cue.ts";

const MAX_BYTES = 2 * 2 ** 20;
const ACCEPT = ".vtt,.srt,.ass,.ssa,.ttml,.dfxp,.xml,.sbv,.lrc,.txt";

interface CaptionDropProps {
  videoId: string;
  onRead: (cues: Cue[], errors: CueError[], fileName: string) => void;
  onNew: () => void;
}

/** Adds a caption from a file that is chosen or dropped, or an empty one. */
export function CaptionDrop({ videoId, onRead, onNew }: CaptionDropProps) {
  const read = async (file: File): Promise<void> => {
    if (file.size > MAX_BYTES) return toast(text.captions.tooLarge, "bad");
    const bytes = new Uint8Array(await file.arrayBuffer());
    const plain = /\.(vtt|srt)$/i.test(file.name) ? decodeUtf8(bytes) : null;
    if (plain !== null) {
      const { cues, errors } = readCaptions(plain);
      return onRead(cues, errors, file.name);
    }
    // The server reads more encodings and formats.
    const body = { data: encodeBase64(bytes), file_name: file.name };
    try {
      const answer = await call("POST /videos/{video_id}/captions/read", {
        path: { video_id: videoId },
        body,
      });
      toast(text.captions.readAs(answer.encoding));
      onRead(
        readCaptions(answer.webvtt).cues,
        answer.slips.map(({ line, message }) => ({ line, words: message })),
        file.name,
      );
    } catch (error) {
      toastProblem(error);
    }
  };
  return (
    <DropTarget
      class="caption-drop"
      overClass="caption-drop-over"
      onFile={(file) => void read(file)}
    >
      <p>{text.captions.drop}</p>
      <div class="actions">
        <FileButton
          class="button button-main"
          accept={ACCEPT}
          label={text.captions.choose}
          onFile={(file) => void read(file)}
        >
          <Icon name="upload" size={18} />
          {text.captions.choose}
        </FileButton>
        <button type="button" class="button" onClick={onNew}>
          {text.captions.write}
        </button>
      </div>
    </DropTarget>
  );
}

/** Returns null if the bytes are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
