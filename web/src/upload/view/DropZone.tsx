/** The area in which files are chosen. Files can be dropped anywhere on the page. */

import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../../part/Icon.tsx";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { findFileError } from "./file-kind.ts";

const ACCEPT = "video/*,.mkv,.ts,.m2ts,.avi,.mov,.mxf";

export function DropZone({ small, onFiles }: { small: boolean; onFiles: (files: File[]) => void }) {
  const take = (files: File[]): void => onFiles(files.filter(mayBeVideo));
  const over = useDrop(take);
  return (
    <section
      class={`zone${small ? " zone-small" : ""}${over ? " zone-over" : ""}`}
      aria-label={text.upload.choose}
    >
      <span class="zone-mark" aria-hidden="true">
        <Icon name="upload" size={small ? 22 : 34} />
      </span>
      <p class="zone-words">
        {over ? text.upload.dropNow : small ? text.upload.dropMore : text.upload.drop}
      </p>
      <label class="button button-main zone-button" for="files">
        {text.upload.choose}
        <input
          id="files"
          class="zone-files"
          type="file"
          multiple
          accept={ACCEPT}
          onChange={(event) => {
            take([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
      </label>
      {!small && <p class="zone-hint">{text.upload.hint}</p>}
    </section>
  );
}

/** Returns false for a file that is no video, and says so. */
function mayBeVideo(file: File): boolean {
  const error = findFileError(file);
  if (error === "empty") toast(text.upload.isEmpty(file.name), "bad");
  if (error === "no_video") toast(text.upload.noVideo(file.name), "bad");
  return error === null;
}

/**
 * Accepts files that are dropped anywhere on the page. Returns true while files are dragged over
 * it.
 */
function useDrop(onFiles: (files: File[]) => void): boolean {
  const [depth, setDepth] = useState(0);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const holdsFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent): void =>
      void (holdsFiles(event) && setDepth((now) => now + 1));
    const leave = (event: DragEvent): void =>
      void (holdsFiles(event) && setDepth((now) => Math.max(0, now - 1)));
    const over = (event: DragEvent): void => void (holdsFiles(event) && event.preventDefault());
    const drop = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setDepth(0);
      take.current([...(event.dataTransfer?.files ?? [])]);
    };
    const all = { dragenter: enter, dragleave: leave, dragover: over, drop } as const;
    for (const [name, act] of Object.entries(all)) window.addEventListener(name as "drop", act);
    return () => {
      for (const [name, act] of Object.entries(all))
        window.removeEventListener(name as "drop", act);
    };
  }, []);
  return depth > 0;
}
