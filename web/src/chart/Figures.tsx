export interface Figure {
  name: string;
  words: string;
  /** An explanation below the number. */
  note?: string;
}

/** Large numbers with their names. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {figures.map((figure) => (
        <div class="figure" key={figure.name}>
          <dt>{figure.name}</dt>
          <dd>
            <span class="figure-words">{figure.words}</span>
            {figure.note !== undefined && <span class="figure-note">{figure.note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
