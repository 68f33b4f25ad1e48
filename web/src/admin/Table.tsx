import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { TableHead } from "../part/TableHead.tsx";

export interface Row {
  key: string;
  /** One for each column. Cards leave out "" and null. */
  cells: ComponentChildren[];
}

interface TableProps {
  title: string;
  hint?: string;
  columns: string[];
  rows: Row[];
  /** Shown instead of an empty table. */
  none: string;
}

/**
 * A table that becomes a list of cards on phones. Roles are explicit, since the style of cards
 * would remove them.
 */
export function Table({ title, hint, columns, rows, none }: TableProps) {
  const id = useId();
  return (
    <section class="table-part">
      <h2 class="part-title" id={id}>
        {title}
      </h2>
      {hint !== undefined && <p class="field-hint">{hint}</p>}
      {rows.length === 0 ? (
        <p class="field-hint">{none}</p>
      ) : (
        <div class="scroll" role="region" aria-labelledby={id} tabIndex={0}>
          <table class="queue" role="table" aria-labelledby={id}>
            <TableHead columns={columns} roles />
            <tbody role="rowgroup">
              {rows.map((row) => (
                <tr key={row.key} role="row">
                  {row.cells.map((cell, index) => (
                    <td
                      key={columns[index]}
                      role="cell"
                      data-column={columns[index]}
                      class={cell === "" || cell === null ? "nothing" : undefined}
                    >
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
