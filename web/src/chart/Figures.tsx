/** Numbers that matter, large, each with what it is. */

export interface Figure {
  name: string;
  words: string;
  /** What it means, where the name does not say it all. */
  note?: string;
}

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
