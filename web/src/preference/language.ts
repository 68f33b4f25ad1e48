/** The language of the page: the user's choice, or the first supported language of the browser. */

import { readCookie, writeCookie } from "./cookie.ts";

export type Language = "en" | "ko";
/** The names of the languages in themselves. */
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };

const COOKIE = "yeoul_language";

function isLanguage(name: string): name is Language {
  return name in LANGUAGES;
}

function choose(): Language {
  const tags = [readCookie(COOKIE), ...navigator.languages];
  return tags.map((tag) => tag?.slice(0, 2).toLowerCase() ?? "").find(isLanguage) ?? "en";
}

export const language: Language = choose();
document.documentElement.lang = language;

/** Saves the choice and reloads the page. */
export function setLanguage(name: Language): void {
  writeCookie(COOKIE, name);
  location.reload();
}
