/** What an earlier tab did not finish: only its reader has the file, so it has to be chosen again. What has landed is not sent again. */

import { useEffect, useState } from "preact/hooks";

import { Icon } from "../../part/Icon";
import { formatBytes } from "../../text/format";
import { text } from "../../text/text";
import { fingerprint } from "../fingerprint";
import { forget, unfinished, type Remembered } from "../memory";
import { deleteVideo } from "../server";
import type { Upload } from "../upload";

export function Unfinished({ uploads, onFile }: { uploads: readonly Upload[]; onFile: (file: File) => void }) {
  const [known, setKnown] = useState<Remembered[]>([]);
  useEffect(() => void unfinished().then(setKnown), []);
  // One that was chosen again shows below.
  const open = known.filter((one) => !uploads.some(({ file, progress }) => progress.videoId === one.videoId || (file.name === one.name && file.size === one.sizeBytes)));
  if (open.length === 0) return null;
  const drop = (one: Remembered): void => {
    setKnown(known.filter((other) => other !== one));
    void forget(one.fingerprint);
    void deleteVideo(one.videoId).catch(() => undefined);
  };
  return (
    <section id="again" class="again" aria-label={text.upload.unfinished}>
      <h2 class="again-title">{text.upload.unfinished}</h2>
      <p class="field-hint">{text.upload.unfinishedHint}</p>
      <ul class="again-list">
        {open.map((one) => (
          <Again key={one.fingerprint} one={one} onFile={onFile} onDrop={() => drop(one)} />
        ))}
      </ul>
    </section>
  );
}

function Again({ one, onFile, onDrop }: { one: Remembered; onFile: (file: File) => void; onDrop: () => void }) {
  const [wrong, setWrong] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const same = file.size === one.sizeBytes && (await fingerprint(file)) === one.fingerprint;
    setWrong(!same);
    if (same) onFile(file);
  };
  return (
    <li class="again-one">
      <span class="again-name">{one.name}</span>
      <span class="field-hint">{formatBytes(one.sizeBytes)}</span>
      <label class="button button-small">
        {text.upload.chooseAgain}
        <input type="file" class="zone-files" aria-label={text.upload.chooseAgainOne(one.name)} onChange={(event) => void take(event.currentTarget.files?.[0])} />
      </label>
      <button type="button" class="icon-button" aria-label={text.upload.giveUp(one.name)} onClick={onDrop}>
        <Icon name="trash" size={18} />
      </button>
      {wrong && (
        <p class="field-error" role="alert">
          {text.upload.otherFile(one.name)}
        </p>
      )}
    </li>
  );
}
