/** Where files are chosen or dropped; the whole page takes what is dropped. */

import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../../part/Icon";
import { toast } from "../../shell/toast";
import { text } from "../../text/text";

const KINDS = "video/*,.mkv,.ts,.m2ts,.avi,.mov,.mxf";
/** What is surely no video; the server looks at all else. By its name first: what browsers take .ts for is text. */
const VIDEO_NAMES = /\.(mp4|m4v|mov|mkv|webm|avi|mxf|m?ts|m2ts)$/i;
const OTHER_TYPES = /^(image|audio|text|font)\/|^application\/(pdf|zip|json|msword|vnd\.)/;

export function DropZone({ small, onFiles }: { small: boolean; onFiles: (files: File[]) => void }) {
  const take = (files: File[]): void => onFiles(files.filter(mayBeVideo));
  const over = useDrop(take);
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <section class={`zone${small ? " zone-small" : ""}${over ? " zone-over" : ""}`} aria-label={text.upload.choose}>
      <span class="zone-mark" aria-hidden="true">
        <Icon name="upload" size={small ? 22 : 34} />
      </span>
      <p class="zone-words">{over ? text.upload.dropNow : small ? text.upload.dropMore : text.upload.drop}</p>
      <label class="button button-main zone-button" for="files">
        {text.upload.choose}
        <input
          id="files"
          ref={chooser}
          class="zone-files"
          type="file"
          multiple
          accept={KINDS}
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

/** Says of those that are none why they are left out. */
function mayBeVideo(file: File): boolean {
  const words = file.size === 0 ? text.upload.isEmpty(file.name) : VIDEO_NAMES.test(file.name) || !OTHER_TYPES.test(file.type) ? null : text.upload.noVideo(file.name);
  if (words !== null) toast(words, "bad");
  return words === null;
}

/** Takes files that are dropped anywhere; whether some hang over the page now. */
function useDrop(onFiles: (files: File[]) => void): boolean {
  const [depth, setDepth] = useState(0);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent): void => void (holdsFiles(event) && setDepth((now) => now + 1));
    const leave = (event: DragEvent): void => void (holdsFiles(event) && setDepth((now) => Math.max(0, now - 1)));
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
      for (const [name, act] of Object.entries(all)) window.removeEventListener(name as "drop", act);
    };
  }, []);
  return depth > 0;
}
