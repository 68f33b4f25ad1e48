/**
 * The head row of a table. roles: repeats the roles that a style with `display: block` takes away.
 */
export function TableHead({
  columns,
  roles = false,
}: {
  columns: readonly string[];
  roles?: boolean;
}) {
  return (
    <thead role={roles ? "rowgroup" : undefined}>
      <tr role={roles ? "row" : undefined}>
        {columns.map((column) => (
          <th key={column} role={roles ? "columnheader" : undefined} scope="col">
            {column}
          </th>
        ))}
      </tr>
    </thead>
  );
}
