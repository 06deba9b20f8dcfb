// What this device keeps for the person in front of it: drafts, reports that wait for the network, the last known tasks.
// IndexedDB, because photos are too large for anything else and it survives a restart. Nothing secret is kept: no password,
// no session.

export type Shelf = "drafts" | "drafts-field" | "queue" | "known" | "tracks";
const shelves: readonly Shelf[] = ["drafts", "drafts-field", "queue", "known", "tracks"];

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("yiwang", 1);
    request.onupgradeneeded = () => {
      for (const shelf of shelves) {
        if (!request.result.objectStoreNames.contains(shelf)) request.result.createObjectStore(shelf, { keyPath: "id" });
      }
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      resolve(request.result);
    };
    request.onerror = () => {
      opened = null;
      reject(new KeepingFailed(request.error));
    };
  });
  return opened;
}

/** The device keeps nothing: private browsing, no room left, or the person has forbidden it. */
export class KeepingFailed extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : "IndexedDB");
    this.name = "KeepingFailed";
  }
}

async function run<Result>(
  shelf: Shelf, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open();
  return new Promise<Result>((resolve, reject) => {
    const transaction = database.transaction(shelf, mode);
    const request = work(transaction.objectStore(shelf));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(new KeepingFailed(transaction.error ?? request.error));
  });
}

export const keep = async <Item extends { id: string }>(shelf: Shelf, item: Item): Promise<void> => {
  await run(shelf, "readwrite", (store) => store.put(item));
};

export const find = <Item>(shelf: Shelf, id: string): Promise<Item | undefined> =>
  run(shelf, "readonly", (store) => store.get(id) as IDBRequest<Item | undefined>);

/** Everything on the shelf, in the order of the ids. */
export const all = <Item>(shelf: Shelf): Promise<Item[]> =>
  run(shelf, "readonly", (store) => store.getAll() as IDBRequest<Item[]>);

export const forget = async (shelf: Shelf, id: string): Promise<void> => {
  await run(shelf, "readwrite", (store) => store.delete(id));
};

export const forgetAll = async (shelf: Shelf): Promise<void> => {
  await run(shelf, "readwrite", (store) => store.clear());
};

/** An id that sorts by the moment in which it was made, and is no other device's. */
export function newId(): string {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(36).padStart(2, "0")).join("");
  return `${Date.now().toString(36).padStart(9, "0")}-${random}`;
}
