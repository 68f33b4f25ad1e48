/** Choices that the server reads, too, so that a page comes in them from its first byte. */

const YEAR_S = 31_536_000;

export function readCookie(name: string): string | null {
  for (const part of document.cookie.split("; ")) {
    if (part.startsWith(`${name}=`)) return decodeURIComponent(part.slice(name.length + 1));
  }
  return null;
}

/** Keeps a choice for a year; null forgets it. */
export function writeCookie(name: string, value: string | null): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value ?? "")}; Path=/; Max-Age=${value === null ? 0 : YEAR_S}; SameSite=Lax${secure}`;
}
