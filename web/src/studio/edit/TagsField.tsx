import { useId, useState } from "preact/hooks";

import { Icon } from "../../part/Icon.tsx";
import { text } from "../../text/text.ts";
import { addTags, MAX_TAGS } from "./tags.ts";

/** A field for tags. Enter or a comma adds a tag; its button or the backspace key removes it. */
export function TagsField({
  tags,
  onChange,
}: {
  tags: string[];
  onChange: (tags: string[]) => void;
}) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const add = (words: string): void => {
    const next = addTags(tags, words);
    setTyped("");
    if (next.length > tags.length) onChange(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // Enter completes a Korean syllable
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
            <button
              type="button"
              class="tag-remove"
              aria-label={text.studio.removeTag(tag)}
              onClick={() => onChange(tags.filter((other) => other !== tag))}
            >
              <Icon name="close" size={14} />
            </button>
          </span>
        ))}
        <input
          id={id}
          class="tags-input"
          value={typed}
          maxLength={400}
          disabled={tags.length >= MAX_TAGS}
          aria-describedby={`${id}-hint`}
          onInput={(event) =>
            event.currentTarget.value.includes(",")
              ? add(event.currentTarget.value)
              : setTyped(event.currentTarget.value)
          }
          onKeyDown={onKey}
          onBlur={() => add(typed)}
        />
      </div>
      <p class="field-hint" id={`${id}-hint`}>
        {text.studio.tagsHint(tags.length, MAX_TAGS)}
      </p>
    </div>
  );
}
