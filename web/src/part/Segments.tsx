interface SegmentsProps<T extends string | number> {
  label: string;
  choices: readonly (readonly [T, string])[];
  value: T;
  onChange: (value: T) => void;
}

/** A choice between a few values, side by side. */
export function Segments<T extends string | number>({
  label,
  choices,
  value,
  onChange,
}: SegmentsProps<T>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map(([choice, words]) => (
        <button
          key={choice}
          type="button"
          class="segment"
          aria-pressed={choice === value}
          onClick={() => onChange(choice)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
