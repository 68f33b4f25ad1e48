/** The playback session that beacons name. */

const STORAGE_KEY = "yeoul_session";

export interface BeaconSession {
  id: string;
  /** Returns the next sequence number. The numbers continue on other pages of the tab. */
  next: () => number;
}

/**
 * Opens a session with a random id. It lasts as long as the tab, or as long as the page if the
 * viewer asks not to be tracked.
 */
export function openSession(): BeaconSession {
  const isUntracked = asksNotToBeTracked();
  const stored = isUntracked ? null : readStored();
  const id = stored?.id ?? makeId();
  let seq = stored?.seq ?? 0;
  const next = (): number => {
    seq += 1;
    if (!isUntracked) store({ id, seq });
    return seq;
  };
  return { id, next };
}

function makeId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function asksNotToBeTracked(): boolean {
  return (
    navigator.doNotTrack === "1" ||
    (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true
  );
}

function readStored(): { id: string; seq: number } | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as {
      id?: unknown;
      seq?: unknown;
    } | null;
    return typeof stored?.id === "string" && typeof stored.seq === "number"
      ? { id: stored.id, seq: stored.seq }
      : null;
  } catch {
    return null; // storage is blocked, or holds something else
  }
}

function store(session: { id: string; seq: number }): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(session));
  } catch {
    // Without storage a session lasts as long as its page.
  }
}
