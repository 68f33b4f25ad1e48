/**
 * Uploads that an earlier tab did not finish. The user has to choose the file again; what has
 * landed is not sent again.
 */

import { useEffect, useState } from "preact/hooks";

import { IconButton } from "../../part/IconButton.tsx";
import { formatBytes } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { fingerprint } from "../send/fingerprint.ts";
import { deleteVideo } from "../send/server.ts";
import { listUnfinished, removeUnfinished, type UnfinishedUpload } from "../send/unfinished.ts";
import type { Upload } from "../send/upload.ts";

export function Unfinished({
  uploads,
  onFile,
}: {
  uploads: readonly Upload[];
  onFile: (file: File) => void;
}) {
  const [unfinished, setUnfinished] = useState<UnfinishedUpload[]>([]);
  useEffect(() => void listUnfinished().then(setUnfinished), []);
  // An upload that was continued is listed with the others.
  const open = unfinished.filter((upload) => !uploads.some((other) => isSame(upload, other)));
  if (open.length === 0) return null;
  const remove = (upload: UnfinishedUpload): void => {
    setUnfinished(unfinished.filter((other) => other !== upload));
    void removeUnfinished(upload.fingerprint);
    void deleteVideo(upload.videoId).catch(() => undefined);
  };
  return (
    <section id="again" class="again" aria-label={text.upload.unfinished}>
      <h2 class="again-title">{text.upload.unfinished}</h2>
      <p class="field-hint">{text.upload.unfinishedHint}</p>
      <ul class="again-list">
        {open.map((upload) => (
          <UnfinishedRow
            key={upload.fingerprint}
            upload={upload}
            onFile={onFile}
            onRemove={() => remove(upload)}
          />
        ))}
      </ul>
    </section>
  );
}

function isSame(
  { videoId, name, sizeBytes }: UnfinishedUpload,
  { file, progress }: Upload,
): boolean {
  return progress.videoId === videoId || (file.name === name && file.size === sizeBytes);
}

function UnfinishedRow({
  upload,
  onFile,
  onRemove,
}: {
  upload: UnfinishedUpload;
  onFile: (file: File) => void;
  onRemove: () => void;
}) {
  const [wrong, setWrong] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const isSameFile =
      file.size === upload.sizeBytes && (await fingerprint(file)) === upload.fingerprint;
    setWrong(!isSameFile);
    if (isSameFile) onFile(file);
  };
  return (
    <li class="again-one">
      <span class="again-name">{upload.name}</span>
      <span class="field-hint">{formatBytes(upload.sizeBytes)}</span>
      <label class="button button-small">
        {text.upload.chooseAgain}
        <input
          type="file"
          class="zone-files"
          aria-label={text.upload.chooseAgainOne(upload.name)}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </label>
      <IconButton
        icon="trash"
        size={18}
        label={text.upload.giveUp(upload.name)}
        onClick={onRemove}
      />
      {wrong && (
        <p class="field-error" role="alert">
          {text.upload.otherFile(upload.name)}
        </p>
      )}
    </li>
  );
}
