import { useId } from "preact/hooks";

import { nameLanguage } from "../../preference/language-name.ts";
import { text } from "../../text/text.ts";
import { isLanguage, LANGUAGES } from "./language-tag.ts";

/**
 * The field for the language tag of a caption or an audio track, with suggestions and the
 * language's name below it.
 */
export function LanguageField({
  value,
  isBad,
  onChange,
}: {
  value: string;
  isBad: boolean;
  onChange: (tag: string) => void;
}) {
  const id = useId();
  const isNamed = isLanguage(value) && nameLanguage(value) !== value;
  return (
    <div class="field">
      <label for={id}>{text.captions.language}</label>
      <input
        id={id}
        class="input"
        value={value}
        list={`${id}-list`}
        autocomplete="off"
        spellcheck={false}
        maxLength={35}
        aria-invalid={isBad}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value.trim())}
      />
      <datalist id={`${id}-list`}>
        {LANGUAGES.map((tag) => (
          <option key={tag} value={tag}>
            {nameLanguage(tag)}
          </option>
        ))}
      </datalist>
      <p class={isBad ? "field-error" : "field-hint"} id={`${id}-hint`}>
        {isBad
          ? text.captions.badLanguage
          : isNamed
            ? nameLanguage(value)
            : text.captions.languageHint}
      </p>
    </div>
  );
}
