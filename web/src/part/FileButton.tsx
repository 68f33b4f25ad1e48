import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface FileButtonProps {
  class: string;
  /** As in `<input accept>`. */
  accept: string;
  /** The name of the file input for assistive technology. */
  label: string;
  disabled?: boolean;
  onFile: (file: File) => void;
  children: ComponentChildren;
}

/** A button that lets the user choose one file. */
export function FileButton({
  class: className,
  accept,
  label,
  disabled = false,
  onFile,
  children,
}: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={className}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {children}
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
