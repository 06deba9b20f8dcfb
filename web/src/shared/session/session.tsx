// Who is signed in, and signing in: at first, and again when a session ends in the middle of something.

import { createContext, lazy, Suspense, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { call, onSignInNeeded } from "../api/client";
import type { SessionView } from "../api/description";
import { Problem } from "../api/problem";

const SignInDialog = lazy(() => import("./sign_in"));

export interface Session {
  /** Who is signed in; null for nobody, undefined while that is not known yet. */
  person: SessionView | null | undefined;
  /** Whether one of the grants covers the verb on this kind of thing, somewhere. */
  may: (kind: string, verb: string) => boolean;
  /** Sign in; throws the refusal. */
  signIn: (login: string, password: string) => Promise<SessionView>;
  signOut: () => Promise<void>;
  /** Open the sign-in dialog; resolves to whether somebody is signed in then. */
  ask: () => Promise<boolean>;
}

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const found = useContext(Context);
  if (!found) throw new Error("useSession outside of SessionProvider");
  return found;
}

/** Whether a grant covers the verb on the kind; the server has the last word. */
export const covers = (person: SessionView | null | undefined, kind: string, verb: string): boolean =>
  Boolean(
    person?.grants.some(
      (grant) => (grant.kind === "*" || grant.kind === kind) && (grant.verbs.includes("*") || grant.verbs.includes(verb)),
    ),
  );

interface ProviderProps {
  children: ReactNode;
  /** Another person than before is signed in: whatever was read for the one before is forgotten. */
  onChange: () => void;
}

export function SessionProvider({ children, onChange }: ProviderProps) {
  const [person, setPerson] = useState<SessionView | null | undefined>(undefined);
  const [asking, setAsking] = useState<"first" | "again" | null>(null);
  const waiting = useRef<((signedIn: boolean) => void)[]>([]);
  const known = useRef<string | null>(null);

  const take = useCallback(
    (found: SessionView | null) => {
      if (known.current !== null && known.current !== (found?.account ?? null)) onChange();
      known.current = found?.account ?? null;
      setPerson(found);
    },
    [onChange],
  );

  useEffect(() => {
    let again: number | undefined;
    const read = () =>
      call("GET /api/v1/session", { quiet: true }).then(take, (error: unknown) => {
        if (error instanceof Problem) take(null);
        else {
          setPerson(null); // no connection: who it is shows as soon as there is one
          again = window.setTimeout(() => void read(), 4000);
        }
      });
    void read();
    return () => clearTimeout(again);
  }, [take]);

  const ask = useCallback(
    () =>
      new Promise<boolean>((resolve) => {
        waiting.current.push(resolve);
        setAsking(known.current === null ? "first" : "again");
      }),
    [],
  );

  useEffect(() => {
    onSignInNeeded(ask);
    return () => onSignInNeeded(null);
  }, [ask]);

  const answer = useCallback((signedIn: boolean) => {
    setAsking(null);
    for (const resolve of waiting.current.splice(0)) resolve(signedIn);
  }, []);

  const signIn = useCallback(
    async (login: string, password: string) => {
      const found = await call("POST /api/v1/session", { body: { login, password }, quiet: true });
      take(found);
      answer(true);
      return found;
    },
    [answer, take],
  );

  const signOut = useCallback(async () => {
    await call("DELETE /api/v1/session", { quiet: true });
    take(null);
  }, [take]);

  const session = useMemo<Session>(
    () => ({ person, may: (kind, verb) => covers(person, kind, verb), signIn, signOut, ask }),
    [person, signIn, signOut, ask],
  );

  return (
    <Context value={session}>
      {children}
      {asking ? (
        <Suspense fallback={null}>
          <SignInDialog again={asking === "again"} login={person?.login} onCancel={() => answer(false)} />
        </Suspense>
      ) : null}
    </Context>
  );
}
