/**
 * Unfinished uploads of this browser, kept in IndexedDB, so that a new tab can ask for their files.
 * The server knows what has landed.
 */

export interface UnfinishedUpload {
  fingerprint: string;
  name: string;
  sizeBytes: number;
  videoId: string;
  atMs: number;
}

const STORE = "uploads";

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("yeoul", 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "fingerprint" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened"));
  });
}

async function transact<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
    });
  } finally {
    database.close();
  }
}

// Private windows may have no IndexedDB. Uploads work without it.

export async function saveUnfinished(upload: UnfinishedUpload): Promise<void> {
  await transact("readwrite", (store) => store.put(upload)).catch(() => undefined);
}

export async function removeUnfinished(fingerprint: string): Promise<void> {
  await transact("readwrite", (store) => store.delete(fingerprint)).catch(() => undefined);
}

export async function listUnfinished(): Promise<UnfinishedUpload[]> {
  return (await transact("readonly", (store) => store.getAll()).catch(
    () => [],
  )) as UnfinishedUpload[];
}
