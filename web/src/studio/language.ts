/** Languages of captions and sound: what they are called, and what a file's name says of them. */

/** Offered where one is typed; any other tag is taken, too. */
export const LANGUAGES = ["en", "ko", "ja", "zh-Hans", "zh-Hant", "es", "pt", "fr", "de", "it", "ru", "uk", "pl", "nl", "sv", "tr", "ar", "he", "hi", "bn", "id", "vi", "th", "fil"];
const TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$/;

export function isLanguage(tag: string): boolean {
  return TAG.test(tag);
}

/** "Korean" of ko, in the page's language; the tag itself where it is not known. */
export function nameLanguage(tag: string): string {
  try {
    return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** ko of "talk.ko.srt" or "film.ko.m4a", where that is a language at all; else the page's. */
export function guessLanguage(fileName: string): string {
  const tag = /\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)\.[a-z0-9]{2,4}$/i.exec(fileName)?.[1];
  return tag !== undefined && nameLanguage(tag) !== tag ? tag : document.documentElement.lang;
}
