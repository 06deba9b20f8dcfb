// Whose telephone this is: the session where there is a network, else who was signed in here last. No password and no
// session is kept; without a network one can only write down what is sent after the server knows the person again.

import { useEffect, useState } from "react";
import { call } from "../../shared/api/client";
import { Problem } from "../../shared/api/problem";
import { find, forgetAll, keep } from "../../shared/keeping/database";
import { useSession } from "../../shared/session/session";

export interface Worker {
  account: string;
  login: string;
  name: string;
}

interface KeptWorker extends Worker {
  id: "worker";
}

/** undefined: not known yet; null: nobody. `sure`: the server has said so. */
export function useWorker(): { worker: Worker | null | undefined; sure: boolean } {
  const { person } = useSession();
  const [kept, setKept] = useState<Worker | null | undefined>(undefined);

  useEffect(() => {
    if (!person) return;
    const worker: KeptWorker = { id: "worker", account: person.account, login: person.login, name: person.name };
    void remember(worker);
  }, [person]);

  useEffect(() => {
    if (person !== null) return;
    let gone = false;
    void (async () => {
      const last = await find<KeptWorker>("known", "worker").catch(() => undefined);
      try {
        await call("GET /api/v1/session", { quiet: true });
      } catch (error) {
        // Somebody whose session has ended goes on with what is here, and is asked to sign in when something is to be sent.
        if (!gone) setKept(error instanceof Problem && !last ? null : (last ?? null));
      }
    })();
    return () => {
      gone = true;
    };
  }, [person]);

  if (person) return { worker: person, sure: true };
  return { worker: person === undefined ? undefined : kept, sure: false };
}

async function remember(worker: KeptWorker): Promise<void> {
  const before = await find<KeptWorker>("known", "worker").catch(() => undefined);
  if (before && before.account !== worker.account) await forgetWorker(); // what one has read is not shown to the next
  await keep("known", worker).catch(() => undefined);
}

/** Forget whatever was read for the person: tasks, cases, pictures. What waits to be sent stays. */
export async function forgetWorker(): Promise<void> {
  await forgetAll("known").catch(() => undefined);
  if ("caches" in window) await caches.delete("yiwang-pictures");
}
