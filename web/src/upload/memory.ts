/** The unfinished uploads of this browser, in IndexedDB: what a new tab asks the files of. The server knows what has landed. */

export interface Remembered {
  fingerprint: string;
  name: string;
  sizeBytes: number;
  videoId: string;
  atMs: number;
}

const STORE = "uploads";

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("yeoul", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "fingerprint" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error("no database"));
  });
}

async function work<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((done, failed) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error ?? new Error("the database failed"));
    });
  } finally {
    database.close();
  }
}

// A browser that keeps nothing (private windows) uploads all the same.
export async function remember(upload: Remembered): Promise<void> {
  await work("readwrite", (store) => store.put(upload)).catch(() => undefined);
}

export async function forget(fingerprint: string): Promise<void> {
  await work("readwrite", (store) => store.delete(fingerprint)).catch(() => undefined);
}

export async function unfinished(): Promise<Remembered[]> {
  return (await work("readonly", (store) => store.getAll()).catch(() => [])) as Remembered[];
}
