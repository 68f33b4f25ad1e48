import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface DropTargetProps {
  class: string;
  /** Added while a file is dragged over the area. */
  overClass: string;
  onFile: (file: File) => void;
  children: ComponentChildren;
}

/** An area that accepts one dropped file. */
export function DropTarget({ class: className, overClass, onFile, children }: DropTargetProps) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a FileButton beside it has the keys.
    <div
      class={over ? `${className} ${overClass}` : className}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) onFile(file);
      }}
    >
      {children}
    </div>
  );
}
