// One's own account: the password, and leaving.

import { useId, useState, type FormEvent } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { landing } from "../../../shared/session/sign_in_page";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { texts } from "./texts";

export default function AccountScreen() {
  const t = useTexts(texts);
  const { person, signOut } = useSession();
  if (person === undefined) return <Frame title={t("title")}><Loading /></Frame>;
  if (person === null) {
    return <Frame title={t("title")}><p>{t("first")}</p><Link className="button" to="/sign-in?next=%2Faccount">{t("in")}</Link></Frame>;
  }
  return (
    <Frame title={t("title")}>
      <div className="narrow stack">
        <p>{t("who", { name: person.name, login: person.login })}</p>
        {person.must_change_password ? <p className="notice-warn" role="status">{t("must")}</p> : <p><Link className="button" to={landing(person)}>{t("work")}</Link></p>}
        <PasswordForm login={person.login} />
        <button type="button" className="button second" onClick={() => void signOut()}>{t("out")}</button>
      </div>
    </Frame>
  );
}

function PasswordForm({ login }: { login: string }) {
  const t = useTexts(texts);
  const { signIn } = useSession();
  const ids = useId();
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const [again, setAgain] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState(false);
  const differs = again !== "" && again !== wanted;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    setDone(false);
    try {
      await call("PUT /api/v1/session/password", { body: { present: old, new: wanted } });
      await signIn(login, wanted); // with the grants that the new password opens
      setDone(true);
      setOld("");
      setWanted("");
      setAgain("");
    } catch (refusal) {
      setError(refusal);
    }
  };
  const field = (name: string, label: string, value: string, set: (value: string) => void, complete: string) => (
    <div className="field">
      <label htmlFor={`${ids}-${name}`}>{label}</label>
      <input id={`${ids}-${name}`} className="input" type="password" value={value} onChange={(event) => set(event.target.value)} required maxLength={200} autoComplete={complete} />
    </div>
  );
  return (
    <form className="card stack" onSubmit={(event) => void submit(event)}>
      <input className="visually-hidden" type="text" autoComplete="username" value={login} readOnly tabIndex={-1} aria-hidden="true" />
      {field("old", t("old"), old, setOld, "current-password")}
      {field("new", t("new"), wanted, setWanted, "new-password")}
      {field("again", t("again"), again, setAgain, "new-password")}
      {differs ? <p className="notice-error" role="alert">{t("differs")}</p> : null}
      {error ? <ErrorNotice error={error} /> : null}
      {done ? <p className="notice-good" role="status">{t("changed")}</p> : null}
      <button className="button" disabled={differs || !old || !wanted || !again}>{t("change")}</button>
    </form>
  );
}
