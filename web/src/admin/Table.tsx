/** A table that is a list of cards on a phone, with the column before what stands in it. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Row {
  key: string;
  /** As many as there are columns; "" and null are left out of cards. */
  cells: ComponentChildren[];
}

interface TableProps {
  title: string;
  hint?: string;
  columns: string[];
  rows: Row[];
  /** What to say instead of an empty table. */
  none: string;
}

// Roles by name: where a phone shows each row as a card, its style would take them away.
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
            <thead role="rowgroup">
              <tr role="row">
                {columns.map((column) => (
                  <th key={column} role="columnheader" scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {rows.map((row) => (
                <tr key={row.key} role="row">
                  {row.cells.map((cell, index) => (
                    <td key={columns[index]} role="cell" data-column={columns[index]} class={cell === "" || cell === null ? "nothing" : undefined}>
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
