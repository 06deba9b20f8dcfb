// Signing in as a page of its own; afterwards one goes where one wanted, or to one's own work.

import { lazy, Suspense, useEffect } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { SessionView } from "../api/description";
import { useTexts } from "../i18n/texts";
import { Loading } from "../ui/parts";
import { PublicFrame } from "../ui/public_frame";
import { covers, useSession } from "./session";
import { texts } from "./texts";

const SignInForm = lazy(async () => ({ default: (await import("./sign_in")).SignInForm }));

/** Where somebody's work is. */
export function landing(person: SessionView): string {
  if (person.must_change_password) return "/account";
  if (person.posts.some((post) => post.code === "grid-worker" || post.code.endsWith("-worker"))) return "/field";
  if (person.posts.length) return "/desk";
  if (covers(person, "case", "read")) return "/desk/cases";
  if (covers(person, "journal", "read")) return "/desk/journal";
  return "/desk/administration";
}

/** A path of our own, or nothing: nobody is led to another site by a link to our sign-in. */
export const localPath = (wanted: string | null): string | null =>
  wanted && wanted.startsWith("/") && !wanted.startsWith("//") && !wanted.includes("\\") ? wanted : null;

export function SignInPage() {
  const t = useTexts(texts);
  const { person } = useSession();
  const [query] = useSearchParams();
  const navigate = useNavigate();
  useEffect(() => {
    if (person) void navigate(localPath(query.get("next")) ?? landing(person), { replace: true });
  }, [person, query, navigate]);
  return (
    <PublicFrame title={t("title")}>
      <Suspense fallback={<Loading />}>
        <SignInForm />
      </Suspense>
    </PublicFrame>
  );
}
