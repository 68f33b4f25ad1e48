/** Tables that are filled anew every second, and take neither the focus from a button nor a press from a finger. */

export type Cell = string | Node;

/** Fills a place with rows below their columns, or with `none`. What has a `data-key` and the focus keeps it. */
export function fillTable(place: HTMLElement, columns: string[], rows: Cell[][], none: string): void {
  if (place.querySelector(":active") !== null) return;
  const focused = document.activeElement instanceof HTMLElement && place.contains(document.activeElement) ? document.activeElement : null;
  place.replaceChildren(rows.length === 0 ? makeText("p", "facts", none) : makeTable(place, columns, rows));
  if (focused === null || focused === place) return;
  const key = focused.dataset["key"] ?? "";
  (place.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? place).focus({ preventScroll: true });
}

/** An element with a class and text. */
export function makeText(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

// Roles by name: where a phone shows each row as a card, its style would take them away.
function makeTable(place: HTMLElement, columns: string[], rows: Cell[][]): HTMLTableElement {
  const table = document.createElement("table");
  table.className = "queue";
  table.setAttribute("role", "table");
  table.setAttribute("aria-labelledby", place.getAttribute("aria-labelledby") ?? "");
  const head = table.createTHead();
  const body = table.createTBody();
  head.setAttribute("role", "rowgroup");
  body.setAttribute("role", "rowgroup");
  head.append(makeRow(columns.map((name) => makeHeading(name))));
  body.append(...rows.map((row) => makeRow(row.map((cell, index) => makeCell(cell, columns[index] ?? "")))));
  return table;
}

function makeRow(cells: HTMLElement[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  row.setAttribute("role", "row");
  row.append(...cells);
  return row;
}

function makeHeading(name: string): HTMLElement {
  const heading = makeText("th", "", name);
  heading.setAttribute("role", "columnheader");
  heading.setAttribute("scope", "col");
  return heading;
}

function makeCell(content: Cell, column: string): HTMLElement {
  const cell = document.createElement("td");
  cell.setAttribute("role", "cell");
  cell.dataset["column"] = column;
  cell.append(content);
  if (cell.textContent === "") cell.classList.add("nothing");
  return cell;
}
