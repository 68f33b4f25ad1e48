/** Dark, light, or as the system wishes. The server writes `data-theme` into the page, so that none flashes. */

import { readCookie, writeCookie } from "./cookie";

export type Theme = "system" | "dark" | "light";
export const THEMES: Theme[] = ["system", "dark", "light"];

const COOKIE = "yeoul_theme";

export function theme(): Theme {
  const kept = readCookie(COOKIE);
  return kept === "dark" || kept === "light" ? kept : "system";
}

export function setTheme(name: Theme): void {
  writeCookie(COOKIE, name === "system" ? null : name);
  applyTheme();
}

export function applyTheme(): void {
  const name = theme();
  if (name === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
}
