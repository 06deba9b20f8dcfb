// Commands to a device: those that its kind offers, each with its own small form; what was told, by whom, and the answer.

import { useState } from "react";
import type { CommandBody, DeviceView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Tag } from "../shared/case_line";
import { fieldsOf, parametersOf, verbsWithForm, type Verb } from "./command_fields";
import { texts } from "./command_texts";

const looks = { queued: "grey", sent: "blue", confirmed: "green", refused: "red", expired: "yellow" } as const;
const operation = "GET /api/v1/devices/{device_id}/commands";

export function Commands({ device, verbs }: { device: DeviceView; verbs: readonly string[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [verb, setVerb] = useState<Verb | "">("");
  const [values, setValues] = useState<Record<string, string>>({});
  const [refusal, setRefusal] = useState("");
  const found = useAnswer(operation, { path: { device_id: device.id }, query: { limit: 30 } });
  const change = useChange("POST /api/v1/devices/{device_id}/commands", [operation]);
  const offered = verbsWithForm.filter((one) => verbs.includes(one));
  const give = () => {
    if (!verb) return;
    setRefusal("");
    let body: CommandBody;
    try {
      body = { verb, parameters: parametersOf(verb, values) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      setRefusal(t("json.wrong"));
      return;
    }
    change.mutate({ path: { device_id: device.id }, body }, { onSuccess: () => (setVerb(""), setValues({})), onError: (error) => setRefusal(messageOf(error)) });
  };
  if (!verbs.length && !found.data?.items.length) return null;
  return (
    <section className="card" aria-labelledby="device-commands">
      <h2 id="device-commands">{t("commands")}</h2>
      {may("device", "command") && offered.length && !device.retired_at ? (
        <form className="form-row" onSubmit={(event) => (event.preventDefault(), give())}>
          <label className="filter"><span>{t("verb")}</span><select value={verb} onChange={(event) => (setVerb(offered.find((one) => one === event.target.value) ?? ""), setValues({}))}><option value="">{t("choose")}</option>{offered.map((one) => <option key={one} value={one}>{t(`verb.${one}`)}</option>)}</select></label>
          {verb ? fieldsOf(verb, device.protocol).map((field) => (
            <label key={field.name} className="filter"><span>{t(field.text)}</span>
              {field.kind === "json" ? <textarea rows={2} value={values[field.name] ?? ""} placeholder="{}" onChange={(event) => setValues({ ...values, [field.name]: event.target.value })} />
                : <input type={field.kind} required={field.needed} value={values[field.name] ?? ""} min={field.kind === "number" ? 0 : undefined} autoComplete="off" onChange={(event) => setValues({ ...values, [field.name]: event.target.value })} />}
            </label>
          )) : null}
          <button className="button small" disabled={!verb || change.isPending}>{t("give")}</button>
        </form>
      ) : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("none")}</p> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("verb")}</th><th>{t("state")}</th><th>{t("given")}</th><th>{t("answer")}</th></tr></thead>
          <tbody>
            {found.data.items.map((one) => (
              <tr key={one.id}>
                <td>{t(`verb.${one.verb as Verb}`)}{Object.keys(one.parameters).length ? <small className="soft">{told(one.parameters)}</small> : null}</td>
                <td><Tag look={looks[one.state]}>{t(`state.${one.state}`)}</Tag>{one.state === "queued" ? <small className="soft">{t("expires", { at: shortTime(one.expires_at, language) })}</small> : null}</td>
                <td><time dateTime={one.given_at} title={exactTime(one.given_at, language)}>{shortTime(one.given_at, language)}</time><small className="soft">{one.given_by}</small></td>
                <td>{one.answered_at ? <time dateTime={one.answered_at} title={exactTime(one.answered_at, language)}>{shortTime(one.answered_at, language)}</time> : "–"}{one.answer ? <small className="soft">{told(one.answer)}</small> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}

const told = (values: Record<string, unknown>): string =>
  Object.entries(values).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(" · ").slice(0, 300);
