/** Tags: typed words become chips by Enter or a comma, and go by their button or the backspace key. */

import { useId, useState } from "preact/hooks";

import { Icon } from "../part/Icon";
import { text } from "../text/text";

const MOST = 20;
const LONGEST = 40;

export function TagsField({ tags, onChange }: { tags: string[]; onChange: (tags: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const add = (words: string): void => {
    const known = new Set(tags.map((tag) => tag.toLowerCase()));
    const fresh = words
      .split(",")
      .map((word) => word.trim().slice(0, LONGEST))
      .filter((word) => word !== "" && !known.has(word.toLowerCase()) && known.add(word.toLowerCase()));
    setTyped("");
    if (fresh.length > 0) onChange([...tags, ...fresh].slice(0, MOST));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // Enter ends a syllable of Korean first
    if (event.key === "Enter" && typed !== "") {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "") onChange(tags.slice(0, -1));
  };
  return (
    <div class="field">
      <label for={id}>{text.studio.tags}</label>
      <div class="input tags">
        {tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
            <button type="button" class="tag-remove" aria-label={text.studio.removeTag(tag)} onClick={() => onChange(tags.filter((one) => one !== tag))}>
              <Icon name="close" size={14} />
            </button>
          </span>
        ))}
        <input
          id={id}
          class="tags-input"
          value={typed}
          maxLength={400}
          disabled={tags.length >= MOST}
          aria-describedby={`${id}-hint`}
          onInput={(event) => (event.currentTarget.value.includes(",") ? add(event.currentTarget.value) : setTyped(event.currentTarget.value))}
          onKeyDown={onKey}
          onBlur={() => add(typed)}
        />
      </div>
      <p class="field-hint" id={`${id}-hint`}>
        {text.studio.tagsHint(tags.length, MOST)}
      </p>
    </div>
  );
}
