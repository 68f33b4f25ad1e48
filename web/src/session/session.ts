/**
 * The account that is signed in. It is fetched once a page, and only if the server has seen a
 * session cookie (`data-session` of the page).
 */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Account } from "../api/shape.ts";

const STORAGE_KEY = "yeoul_account";
const CHANGED = "yeoul-account";

let fetched: Promise<Account | null> | null = null;

function hasSession(): boolean {
  return document.documentElement.dataset.session !== undefined || import.meta.env.DEV;
}

/**
 * Returns the account as the previous page knew it, so that the header does not change while the
 * account is fetched.
 */
function readStored(): Account | null | undefined {
  if (!hasSession()) return null;
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === null ? undefined : (JSON.parse(stored) as Account);
  } catch {
    return undefined;
  }
}

/** Returns the account; null for a guest, and if the server does not answer. */
export function fetchAccount(): Promise<Account | null> {
  fetched ??= hasSession() ? call("GET /accounts/me").catch(() => null) : Promise.resolve(null);
  void fetched.then(store);
  return fetched;
}

function store(account: Account | null): void {
  if (account === null) localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, JSON.stringify(account));
}

/** Sets the account to the answer of an edit. */
export function setAccount(account: Account): void {
  fetched = Promise.resolve(account);
  store(account);
  window.dispatchEvent(new CustomEvent(CHANGED, { detail: account }));
}

/** Returns the account; null for a guest, undefined until it is known. */
export function useAccount(): Account | null | undefined {
  const [account, set] = useState<Account | null | undefined>(readStored);
  useEffect(() => {
    const onChange = (event: Event): void => set((event as CustomEvent<Account>).detail);
    window.addEventListener(CHANGED, onChange);
    void fetchAccount().then(set);
    return () => window.removeEventListener(CHANGED, onChange);
  }, []);
  return account;
}

/** Stores the account after a sign-in, so that the next page knows it from the start. */
export async function storeAccount(): Promise<void> {
  await call("GET /accounts/me").then(store, () => undefined);
}

/** Ends the login session and shows the home page. */
export async function signOut(): Promise<void> {
  await call("DELETE /sessions/{session_id}", { path: { session_id: "current" } }).catch(
    () => undefined,
  );
  localStorage.removeItem(STORAGE_KEY);
  location.assign("/");
}

/** Returns the address of the sign-in page, which leads back to this page. */
export function signInUrl(): string {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/**
 * Returns where to go after signing in: the page of this site that the address names, or the home
 * page. The result is absolute, since a path that starts with two slashes would lead to another
 * site.
 */
export function nextUrl(): string {
  const next = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return next.origin === location.origin ? next.href : "/";
}
