export interface Bar {
  name: string;
  value: number;
  /** The value in words. */
  words: string;
}

/** Values as bars, in a table for screen readers. */
export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const total = bars.reduce((sum, bar) => sum + bar.value, 0);
  return (
    <table class="bars">
      <caption class="hidden-words">{title}</caption>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.name}>
            <th scope="row">{bar.name}</th>
            <td class="bars-drawing" aria-hidden="true">
              <svg width="100%" height="10" aria-hidden="true">
                <rect class="bars-all" width="100%" height="10" rx="5" />
                <rect
                  class="bars-part"
                  width={`${total > 0 ? Math.max(1.5, (100 * bar.value) / total) : 0}%`}
                  height="10"
                  rx="5"
                />
              </svg>
            </td>
            <td class="bars-words">{bar.words}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
