import { useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { DropTarget } from "../../part/DropTarget.tsx";
import { FileButton } from "../../part/FileButton.tsx";
import { Icon } from "../../part/Icon.tsx";
import { toastProblem } from "../../shell/outcome.ts";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { putSigned } from "../../upload/send/put.ts";
import { sha256 } from "../../upload/send/sha256.ts";
import { guessLanguage } from "../caption/language-tag.ts";
import { AudioTrackForm, type TrackNames } from "./AudioTrackForm.tsx";

const MAX_BYTES = 512 * 2 ** 20;
const ACCEPT = "audio/*,video/*,.mka,.ac3,.eac3,.dts";

/** Adds an audio track to a video: first the file, then its language, name and role. */
export function AddAudioTrack({ video, onDone }: { video: ListedVideo; onDone: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const choose = (chosen: File): void => {
    if (chosen.size > MAX_BYTES) toast(text.audio.tooLarge, "bad");
    else setFile(chosen);
  };
  const send = async (names: TrackNames, chosen: File): Promise<void> => {
    try {
      await uploadTrack(video.id, names, chosen, setShare);
      setFile(null);
    } catch (error) {
      toastProblem(error);
    }
    setShare(null);
    onDone();
  };
  if (file !== null) {
    const first: TrackNames = { language: guessLanguage(file.name), label: "", role: "dub" };
    return (
      <div class="caption-drop">
        <p>{file.name}</p>
        {share !== null && <progress max={1} value={share} aria-label={text.audio.sending} />}
        <AudioTrackForm
          first={first}
          action={text.audio.add}
          onSend={(names) => send(names, file)}
          onCancel={() => setFile(null)}
        />
      </div>
    );
  }
  return (
    <DropTarget class="caption-drop" overClass="caption-drop-over" onFile={choose}>
      <p>{text.audio.drop}</p>
      <div class="actions">
        <FileButton
          class="button button-main"
          accept={ACCEPT}
          label={text.audio.add}
          onFile={choose}
        >
          <Icon name="upload" size={18} />
          {text.captions.choose}
        </FileButton>
      </div>
    </DropTarget>
  );
}

/** Declares the track, sends its bytes and reports them as landed. Raises Problem. */
async function uploadTrack(
  videoId: string,
  names: TrackNames,
  file: File,
  onShare: (share: number) => void,
): Promise<void> {
  const body = new Uint8Array(await file.arrayBuffer());
  const declared = {
    ...names,
    language: names.language === "" ? null : names.language,
    size_bytes: body.length,
    sha256: await sha256(body),
  };
  const { track, ...target } = await call("POST /videos/{video_id}/audio", {
    path: { video_id: videoId },
    body: declared,
  });
  if (target.url !== null) {
    let sentBytes = 0;
    const onSent = (bytes: number): void => {
      sentBytes += bytes;
      onShare(sentBytes / Math.max(1, body.length));
    };
    await putSigned(target, body, onSent, new AbortController().signal);
  }
  await call("POST /videos/{video_id}/audio/{name}/landed", {
    path: { video_id: videoId, name: track.name },
  });
}
