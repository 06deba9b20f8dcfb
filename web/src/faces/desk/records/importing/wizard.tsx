// Bringing a table (导入): type, file, which column is what, a dry run that shows what would change, then the import. What was
// judged is what is imported: whoever changes the mapping judges anew.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../../shared/api/client";
import type { GuessView } from "../../../../shared/api/description";
import { messageOf } from "../../../../shared/api/problem";
import { useAnswer } from "../../../../shared/api/queries";
import { useLanguage } from "../../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../../shared/i18n/texts";
import { useSession } from "../../../../shared/session/session";
import { DayField } from "../../shared/day_field";
import { FileButton } from "../../shared/file_button";
import { momentOf, type ThingType } from "../values";
import { ColumnsEditor } from "./columns";
import "./importing.css";
import { draftOf, mappingOf, type Draft } from "./mapping";
import { Run, useImport } from "./run";
import { Runs } from "./runs";
import { texts } from "./texts";

const accept = ".csv,.txt,.xlsx,.xlsm,.xls,.ods,.geojson,.json,.geojsonl,.zip,.gpkg";
const layered = /\.(zip|gpkg)$/i;

export function ImportRecords({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const client = useQueryClient();
  const [address, setAddress] = useSearchParams();
  const [file, setFile] = useState<File | null>(null);
  const [sheet, setSheet] = useState("");
  const [guess, setGuess] = useState<GuessView | null>(null);
  const [first, setFirst] = useState<Draft | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [since, setSince] = useState("");
  const [judged, setJudged] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const run = address.get("run");
  const { state, lost, again } = useImport(type.id, run);
  const at = state?.state;
  useEffect(() => {
    if (at) void client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("GET /api/v1/things/") });
  }, [client, at]);

  const open = async (chosen: File | null, layer: string) => {
    setFile(chosen);
    setSheet(layer);
    setGuess(null);
    setDraft(null);
    setJudged("");
    setRefusal("");
    if (!chosen) return;
    setBusy(true);
    try {
      const form = new FormData();
      form.set("file", chosen, chosen.name);
      if (layer) form.set("sheet", layer);
      const found = await call("POST /api/v1/things/{type}/imports/guess", { path: { type: type.id }, body: form });
      setGuess(found);
      setFirst(draftOf(found.mapping));
      setDraft(draftOf(found.mapping));
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const start = async (dry: boolean) => {
    if (!file || !draft) return;
    setRefusal("");
    setBusy(true);
    const form = new FormData();
    form.set("file", file, file.name);
    form.set("mapping", JSON.stringify(mappingOf(draft)));
    if (sheet) form.set("sheet", sheet);
    const from = momentOf(since);
    if (from) form.set("valid_from", from);
    form.set("dry_run", String(dry));
    try {
      const begun = await call("POST /api/v1/things/{type}/imports", { path: { type: type.id }, body: form });
      setJudged(dry ? begun.id : "");
      setAddress({ run: begun.id }, { replace: true });
      again();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const changed = <Given,>(set: (given: Given) => void) => (given: Given) => (set(given), setJudged(""));
  const running = state?.state === "running";
  const taking = (state?.counts.new ?? 0) + (state?.counts.changed ?? 0);
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")} · {nameIn(type.names, language)}</h1>
        <p className="soft"><Link to={`/desk/records/${type.id}`}>{nameIn(type.names, language)}</Link></p>
        <OtherTypes type={type} />
      </header>
      <p className="soft">{t("about")}</p>
      <section className="card" aria-labelledby="import-file">
        <h2 id="import-file">1 · {t("file")}</h2>
        <div className="row-line">
          <FileButton label={t("file.which")} accept={accept} onFile={(chosen) => void open(chosen, "")} />
          {guess && guess.sheets.length > 1 ? (
            <label className="filter"><span>{t("sheet")}</span><select value={sheet || guess.sheets[0]} onChange={(event) => void open(file, event.target.value)}>{guess.sheets.map((one) => <option key={one}>{one}</option>)}</select></label>
          ) : file && layered.test(file.name) ? (
            <label className="filter"><span>{t("layer")}</span><input defaultValue={sheet} maxLength={100} onBlur={(event) => event.target.value !== sheet && void open(file, event.target.value)} /></label>
          ) : null}
        </div>
        <p className="soft small">{t("file.about")}</p>
        {busy && !guess ? <p role="status">{t("reading")}</p> : null}
        {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      </section>
      {guess && first && draft ? (
        <section className="card" aria-labelledby="import-mapping">
          <h2 id="import-mapping">2 · {t("mapping")}</h2>
          <p className="soft small">{guess.remembered ? t("remembered") : t("guessed", { n: Object.keys(first.targets).length, all: guess.header.filter(Boolean).length })}</p>
          <ColumnsEditor type={type} guess={guess} first={first} draft={draft} onDraft={changed(setDraft)} />
          <span className="filter import-since"><span>{t("since")}</span><DayField label={t("since")} time value={since} onDay={changed(setSince)} /></span>
          <p className="row-line"><button type="button" className="button" disabled={busy || running} onClick={() => void start(true)}>3 · {t("judge")}</button></p>
        </section>
      ) : null}
      {lost ? <p className="notice-error" role="alert">{lost}</p> : null}
      {state ? (
        <Run key={state.id} type={type} state={state} onAgain={again}>
          {state.dry_run && state.state === "finished" ? (
            judged === state.id ? (
              <p className="row-line"><button type="button" className="button" disabled={busy || !taking} onClick={() => void start(false)}>4 · {t("take", { n: taking })}</button>{taking ? null : <span className="soft">{t("take.nothing")}</span>}</p>
            ) : <p className="soft">{file ? t("judge.again") : t("file.again")}</p>
          ) : null}
        </Run>
      ) : null}
      <Runs type={type.id} chosen={run} onRun={(id) => setAddress({ run: id })} />
    </section>
  );
}

/** The other types that one may import, to change to. */
function OtherTypes({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const { may } = useSession();
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 60_000 }).data?.items ?? [type];
  const open = types.filter((one) => may("thing", "import") || may(`thing-${one.id}`, "import"));
  return (
    <label className="filter desk-filters"><span>{t("type")}</span><select value={type.id} onChange={(event) => void navigate(`/desk/records/${event.target.value}/import`)}>{open.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label>
  );
}
