/** Who is signed in. Asked once a page, and only where the server has seen a session's cookie (`data-session` of the page). */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { Account } from "../api/shape";

const KEPT = "yeoul_account";

let asked: Promise<Account | null> | null = null;

function maySignedIn(): boolean {
  return document.documentElement.dataset["session"] !== undefined || import.meta.env.DEV;
}

/** What was known on the page before, so that the header stands still while we ask again. */
function kept(): Account | null | undefined {
  if (!maySignedIn()) return null;
  try {
    const known = localStorage.getItem(KEPT);
    return known === null ? undefined : (JSON.parse(known) as Account);
  } catch {
    return undefined;
  }
}

/** The account; null for a guest, also when the server does not answer. */
export function askAccount(): Promise<Account | null> {
  asked ??= maySignedIn() ? call("GET /accounts/me").catch(() => null) : Promise.resolve(null);
  void asked.then(keep);
  return asked;
}

function keep(account: Account | null): void {
  if (account === null) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, JSON.stringify(account));
}

const CHANGED = "yeoul-account";

/** Takes what an edit has answered. */
export function setAccount(account: Account): void {
  asked = Promise.resolve(account);
  keep(account);
  window.dispatchEvent(new CustomEvent(CHANGED, { detail: account }));
}

/** The account; null for a guest, undefined until it is known. */
export function useAccount(): Account | null | undefined {
  const [account, set] = useState<Account | null | undefined>(kept);
  useEffect(() => {
    const take = (event: Event): void => set((event as CustomEvent<Account>).detail);
    window.addEventListener(CHANGED, take);
    void askAccount().then(set);
    return () => window.removeEventListener(CHANGED, take);
  }, []);
  return account;
}

/** To be called once a session was opened: the next page then knows its reader from the start. */
export async function greet(): Promise<void> {
  await call("GET /accounts/me").then(keep, () => undefined);
}

/** Ends the session and shows the home page. */
export async function signOut(): Promise<void> {
  await call("DELETE /sessions/{session_id}", { path: { session_id: "current" } }).catch(() => undefined);
  localStorage.removeItem(KEPT);
  location.assign("/");
}

/** The sign-in page's address, which leads back here. */
export function signInUrl(): string {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Where to go after signing in: a page of this site that the address names, else home. */
export function nextUrl(): string {
  const wish = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wish.origin === location.origin ? wish.pathname + wish.search + wish.hash : "/";
}
