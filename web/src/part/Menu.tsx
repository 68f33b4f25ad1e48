import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface MenuProps {
  /** The accessible name of the button. */
  label: string;
  /** The content of the button. */
  face: ComponentChildren;
  buttonClass?: string;
  children: ComponentChildren;
}

const ITEMS = "[role^=menuitem]";

/** A button that opens a menu (ARIA APG, menu button). */
export function Menu({ label, face, buttonClass = "icon-button", children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const items = (): HTMLElement[] => [
    ...(root.current?.querySelectorAll<HTMLElement>(ITEMS) ?? []),
  ];
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  };

  useEffect(() => {
    if (!open) return;
    items()[0]?.focus();
    const leave = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true)
        setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, [open]);

  const onKey = (event: KeyboardEvent): void => {
    const all = items();
    const now = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: now + 1,
      ArrowUp: now - 1 + all.length,
      Home: 0,
      End: all.length - 1,
    };
    const next = to[event.key];
    if (event.key === "Escape" && open) close();
    else if (event.key === "ArrowDown" && !open) setOpen(true);
    else if (next !== undefined && open) all[next % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble from inside.
    <div class="menu" ref={root} onKeyDown={onKey}>
      <button
        type="button"
        class={buttonClass}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: Enter and Space click the focused item.
        <div
          class="menu-list"
          id={id}
          role="menu"
          aria-label={label}
          onClick={(event) => (event.target as Element).closest(ITEMS) !== null && close()}
        >
          {children}
        </div>
      )}
    </div>
  );
}

export function MenuLink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="menu-item" role="menuitem" tabIndex={-1} href={href}>
      {children}
    </a>
  );
}

export function MenuButton({
  onPick,
  children,
}: {
  onPick: () => void;
  children: ComponentChildren;
}) {
  return (
    <button type="button" class="menu-item" role="menuitem" tabIndex={-1} onClick={onPick}>
      {children}
    </button>
  );
}

/** A group of menu items of which one is checked. */
export function MenuChoice({
  label,
  options,
  value,
  onPick,
}: {
  label: string;
  options: Record<string, string>;
  value: string;
  onPick: (value: string) => void;
}) {
  return (
    <div class="menu-group" role="group" aria-label={label}>
      <span class="menu-label" aria-hidden="true">
        {label}
      </span>
      {Object.entries(options).map(([name, words]) => (
        <button
          key={name}
          type="button"
          class="menu-item menu-choice"
          role="menuitemradio"
          aria-checked={name === value}
          tabIndex={-1}
          onClick={() => onPick(name)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
