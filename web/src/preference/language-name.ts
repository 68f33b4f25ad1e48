/**
 * Returns the name of a language in the page's language: "Korean" for ko. Unknown tags are returned
 * unchanged.
 */
export function nameLanguage(tag: string): string {
  try {
    return (
      new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(tag) ?? tag
    );
  } catch {
    return tag;
  }
}
