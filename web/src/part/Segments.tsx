/** One of a few, side by side. */

import { useId } from "preact/hooks";

interface SegmentsProps<T extends string | number> {
  label: string;
  choices: readonly (readonly [T, string])[];
  value: T;
  onChange: (value: T) => void;
}

export function Segments<T extends string | number>({ label, choices, value, onChange }: SegmentsProps<T>) {
  const group = useId();
  return (
    <fieldset class="segments">
      <legend class="hidden-words">{label}</legend>
      {choices.map(([choice, words]) => (
        <label class="segment" key={choice}>
          <input type="radio" name={group} checked={choice === value} onChange={() => onChange(choice)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
