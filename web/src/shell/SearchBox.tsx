/** The search field with suggestions (ARIA APG, editable combobox with a list). Without an answer it is a plain search field. */

import { useEffect, useId, useRef, useState } from "preact/hooks";

import { call } from "../api/client";
import { Icon } from "../part/Icon";
import { text } from "../text/text";

const PAUSE_MS = 120;

interface Suggestion {
  kind: "video" | "channel";
  text: string;
}

function addressOf(suggestion: Suggestion): string {
  if (suggestion.kind === "channel") return `/c/${encodeURIComponent(suggestion.text)}`;
  return `/search?q=${encodeURIComponent(suggestion.text)}`;
}

function names(kind: Suggestion["kind"], found: string[]): Suggestion[] {
  return [...new Set(found)].map((text) => ({ kind, text }));
}

/** Suggestions for what is typed; none while a Korean syllable is being put together, whose keys would race with them. */
function useSuggestions(typed: string, on: boolean): Suggestion[] {
  const [found, setFound] = useState<Suggestion[]>([]);
  useEffect(() => {
    const words = typed.trim();
    if (!on || words === "") return setFound([]);
    const turn = new AbortController();
    const timer = window.setTimeout(() => {
      call("GET /search/suggest", { query: { q: words }, signal: turn.signal }).then(
        ({ videos, channels }) => setFound([...names("video", videos.map((video) => video.title)), ...names("channel", channels)]),
        () => setFound([]),
      );
    }, PAUSE_MS);
    return () => {
      turn.abort();
      window.clearTimeout(timer);
    };
  }, [typed, on]);
  return found;
}

export function SearchBox({ onClose }: { onClose?: () => void }) {
  const [typed, setTyped] = useState(() => (location.pathname === "/search" ? (new URLSearchParams(location.search).get("q") ?? "") : ""));
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = useSuggestions(typed, open);
  const shown = open && found.length > 0;
  useEffect(() => {
    if (onClose !== undefined) input.current?.focus();
  }, []);

  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const picked = found[at];
    if (step !== 0 && found.length > 0) {
      setOpen(true);
      setAt((at + step + found.length + 1 + 1) % (found.length + 1) - 1);
    } else if (event.key === "Escape" && shown) setOpen(false);
    else if (event.key === "Escape" && onClose !== undefined) onClose();
    else if (event.key === "Enter" && shown && picked !== undefined) location.assign(addressOf(picked));
    else return;
    event.preventDefault();
  };

  return (
    <form class="search" role="search" action="/search" onSubmit={(event) => typed.trim() === "" && event.preventDefault()}>
      <input
        class="search-input"
        ref={input}
        type="text"
        inputMode="search"
        name="q"
        value={typed}
        maxLength={200}
        placeholder={text.shell.search}
        aria-label={text.shell.search}
        autocomplete="off"
        enterkeyhint="search"
        role="combobox"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${id}-${at}` : undefined}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setOpen(true);
          setAt(-1);
        }}
        onKeyDown={onKey}
        onBlur={() => setOpen(false)}
      />
      <button type="submit" class="search-button" aria-label={text.shell.search}>
        <Icon name="search" />
      </button>
      <ul class="search-list" id={`${id}-list`} role="listbox" aria-label={text.shell.suggestions} hidden={!shown}>
        {found.map((one, index) => (
          <li
            key={`${one.kind} ${one.text}`}
            id={`${id}-${index}`}
            class="search-option"
            role="option"
            aria-selected={index === at}
            // The field's blur would close the list before a click could reach it.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => location.assign(addressOf(one))}
          >
            <Icon name={one.kind === "channel" ? "user" : "search"} size={16} />
            <span>{one.text}</span>
          </li>
        ))}
      </ul>
    </form>
  );
}
