/**
 * Cookies for choices that the server reads, too, so that the first byte of a page respects them.
 */

const YEAR_S = 31_536_000;

export function readCookie(name: string): string | null {
  for (const part of document.cookie.split("; ")) {
    if (part.startsWith(`${name}=`)) return decodeURIComponent(part.slice(name.length + 1));
  }
  return null;
}

/** Keeps a choice for a year. null removes it. */
export function writeCookie(name: string, value: string | null): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const maxAgeS = value === null ? 0 : YEAR_S;
  // biome-ignore lint/suspicious/noDocumentCookie: not all browsers have the Cookie Store API.
  document.cookie = `${name}=${encodeURIComponent(value ?? "")}; Path=/; Max-Age=${maxAgeS}; SameSite=Lax${secure}`;
}
