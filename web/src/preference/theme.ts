/**
 * The theme: dark, light, or the system's. The server writes `data-theme` into the page, so that no
 * other theme flashes.
 */

import { readCookie, writeCookie } from "./cookie.ts";

export type Theme = "system" | "dark" | "light";
export const THEMES: Theme[] = ["system", "dark", "light"];

const COOKIE = "yeoul_theme";

export function theme(): Theme {
  const choice = readCookie(COOKIE);
  return choice === "dark" || choice === "light" ? choice : "system";
}

/** True if the page is shown in the light theme now. */
export function isLightTheme(): boolean {
  const choice = theme();
  return choice === "system"
    ? matchMedia("(prefers-color-scheme: light)").matches
    : choice === "light";
}

export function setTheme(name: Theme): void {
  writeCookie(COOKIE, name === "system" ? null : name);
  applyTheme();
}

export function applyTheme(): void {
  const name = theme();
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
