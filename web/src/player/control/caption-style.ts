/**
 * The viewer's caption style, as a style sheet of the page: scripts cannot style cues (WebVTT,
 * 8.2).
 */

import { type CaptionStyle, preference } from "../preference.ts";

const EDGES: Record<string, string> = {
  none: "none",
  outline: "0 0 2px #000, 0 0 2px #000, 0 0 3px #000",
  shadow: "2px 2px 2px #000",
};
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

export function edgeOf(style: CaptionStyle): string {
  return EDGES[style.edge] ?? "none";
}

export function applyCaptionStyle(): void {
  const style = preference().captionStyle;
  sheet.replaceSync("yeoul-player video::cue {}");
  const rule = sheet.cssRules[0] as CSSStyleRule;
  // Properties are set one by one, so that stored values cannot add rules.
  rule.style.setProperty("font-size", `${Number(style.size) || 100}%`);
  rule.style.setProperty("color", style.colour);
  rule.style.setProperty("background-color", style.back);
  rule.style.setProperty("text-shadow", edgeOf(style));
}
