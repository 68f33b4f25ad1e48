/** A list of keyboard shortcuts, as pairs of keys and what they do. */
export function KeyList({
  class: className,
  rows,
}: {
  class?: string;
  rows: readonly (readonly [keys: string, action: string])[];
}) {
  return (
    <dl class={className}>
      {rows.map(([keys, action]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{action}</dd>
        </div>
      ))}
    </dl>
  );
}
