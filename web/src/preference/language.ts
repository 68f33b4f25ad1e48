/** The language of the page: as chosen, else as the browser prefers. */

import { readCookie, writeCookie } from "./cookie";

export type Language = "en" | "ko";
/** Each by its own name. */
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };

const COOKIE = "yeoul_language";

function isLanguage(name: string): name is Language {
  return name in LANGUAGES;
}

function choose(): Language {
  const wishes = [readCookie(COOKIE), ...navigator.languages];
  return wishes.map((wish) => wish?.slice(0, 2).toLowerCase() ?? "").find(isLanguage) ?? "en";
}

export const language: Language = choose();
document.documentElement.lang = language;

/** Keeps the choice and shows the page anew in it. */
export function setLanguage(name: Language): void {
  writeCookie(COOKIE, name);
  location.reload();
}
