/**
 * Returns a colour token, such as "--accent", as the current theme resolves it. For canvases, which
 * do not resolve CSS variables.
 */
export function themeColour(element: HTMLElement, token: string): string {
  const before = element.style.color;
  element.style.color = `var(${token})`;
  const colour = getComputedStyle(element).color;
  element.style.color = before;
  return colour;
}
