import { useEffect, useId, useRef, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import { Icon } from "../part/Icon.tsx";
import { text } from "../text/text.ts";
import { moveSelection } from "./move-selection.ts";

const TYPING_MS = 120;

interface Suggestion {
  kind: "video" | "channel";
  text: string;
}

function addressOf(suggestion: Suggestion): string {
  if (suggestion.kind === "channel") return `/c/${encodeURIComponent(suggestion.text)}`;
  return `/search?q=${encodeURIComponent(suggestion.text)}`;
}

function toSuggestions(kind: Suggestion["kind"], texts: string[]): Suggestion[] {
  return [...new Set(texts)].map((text) => ({ kind, text }));
}

/** Fetches suggestions for the typed text. */
function useSuggestions(typed: string, isOpen: boolean): Suggestion[] {
  const [suggestions, setSuggestions] = useState<Suggestion[]>([]);
  useEffect(() => {
    const words = typed.trim();
    if (!isOpen || words === "") return setSuggestions([]);
    const request = new AbortController();
    const timer = window.setTimeout(() => {
      call("GET /search/suggest", { query: { q: words }, signal: request.signal }).then(
        ({ videos, channels }) =>
          setSuggestions([
            ...toSuggestions(
              "video",
              videos.map((video) => video.title),
            ),
            ...toSuggestions("channel", channels),
          ]),
        () => setSuggestions([]),
      );
    }, TYPING_MS);
    return () => {
      request.abort();
      window.clearTimeout(timer);
    };
  }, [typed, isOpen]);
  return suggestions;
}

/** The search field with suggestions (ARIA APG, editable combobox with list autocomplete). */
export function SearchBox({ onClose }: { onClose?: () => void }) {
  const [typed, setTyped] = useState(() =>
    location.pathname === "/search" ? (new URLSearchParams(location.search).get("q") ?? "") : "",
  );
  const [open, setOpen] = useState(false);
  const [selected, setSelected] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const suggestions = useSuggestions(typed, open);
  const isShown = open && suggestions.length > 0;
  useEffect(() => {
    if (onClose !== undefined) input.current?.focus();
  }, []);

  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // Enter completes a Korean syllable
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const suggestion = suggestions[selected];
    if (step !== 0 && suggestions.length > 0) {
      setOpen(true);
      setSelected(moveSelection(selected, step, suggestions.length));
    } else if (event.key === "Escape" && isShown) setOpen(false);
    else if (event.key === "Escape" && onClose !== undefined) onClose();
    else if (event.key === "Enter" && isShown && suggestion !== undefined)
      location.assign(addressOf(suggestion));
    else return;
    event.preventDefault();
  };

  return (
    <form
      class="search"
      role="search"
      action="/search"
      onSubmit={(event) => typed.trim() === "" && event.preventDefault()}
    >
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
        aria-expanded={isShown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isShown && selected >= 0 ? `${id}-${selected}` : undefined}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setOpen(true);
          setSelected(-1);
        }}
        onKeyDown={onKey}
        onBlur={() => setOpen(false)}
      />
      <button type="submit" class="search-button" aria-label={text.shell.search}>
        <Icon name="search" />
      </button>
      {/* The focus stays in the field, which handles the keys and names the active option. */}
      <div
        class="search-list"
        id={`${id}-list`}
        role="listbox"
        aria-label={text.shell.suggestions}
        hidden={!isShown}
      >
        {suggestions.map((suggestion, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles Enter.
          // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant selects options.
          <div
            key={`${suggestion.kind} ${suggestion.text}`}
            id={`${id}-${index}`}
            class="search-option"
            role="option"
            aria-selected={index === selected}
            // The field would lose the focus and close the list before the click.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => location.assign(addressOf(suggestion))}
          >
            <Icon name={suggestion.kind === "channel" ? "user" : "search"} size={16} />
            <span>{suggestion.text}</span>
          </div>
        ))}
      </div>
    </form>
  );
}
