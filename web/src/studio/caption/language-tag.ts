import { nameLanguage } from "../../preference/language-name.ts";

/** Suggested language tags. Any other valid tag is accepted, too. */
export const LANGUAGES = [
  "en",
  "ko",
  "ja",
  "zh-Hans",
  "zh-Hant",
  "es",
  "pt",
  "fr",
  "de",
  "it",
  "ru",
  "uk",
  "pl",
  "nl",
  "sv",
  "tr",
  "ar",
  "he",
  "hi",
  "bn",
  "id",
  "vi",
  "th",
  "fil",
];
const TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$/;

export function isLanguage(tag: string): boolean {
  return TAG.test(tag);
}

/**
 * Returns the language of a file name: ko for "talk.ko.srt" or "film.ko.m4a". Without one it is the
 * page's language.
 */
export function guessLanguage(fileName: string): string {
  const tag = /\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)\.[a-z0-9]{2,4}$/i.exec(fileName)?.[1];
  return tag !== undefined && nameLanguage(tag) !== tag ? tag : document.documentElement.lang;
}
