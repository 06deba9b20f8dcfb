// One device: state, last values with their limits and marks, curves from a year to a minute, commands, notes, alarms, story.

import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { DeviceView } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { useSession } from "../../../shared/session/session";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { texts as alarmTexts } from "./alarm_texts";
import { Cells } from "./alarms";
import { Curve } from "./curve";
import { Commands } from "./device_commands";
import { DeviceForm } from "./device_form";
import { Latest } from "./device_latest";
import { Notes, Story } from "./device_notes";
import { useFresh } from "./fresh";
import { Online } from "./online";
import { useRuleNames } from "./rule_names";
import { Ago } from "./severity";
import { useSignals } from "./signals";
import { texts } from "./texts";

const one = "GET /api/v1/devices/{device_id}";

export function Device() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const found = useAnswer(one, { path: { device_id: Number(id) } });
  useFresh([one, `${one}/story`, `${one}/commands`, `${one}/notes`], (entry) => entry.kind === "device" && entry.id === found.data?.uid && !entry.verb.startsWith("vehicle."));
  useFresh(["GET /api/v1/alarms"], (entry) => entry.kind === "alarm");
  if (found.error instanceof Problem && [404, 422].includes(found.error.status)) return <Empty title={t("gone")}><Link to="/desk/senses/devices">{t("back.devices")}</Link></Empty>;
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  return <Body device={found.data} onChange={() => void found.refetch()} />;
}

function Body({ device, onChange }: { device: DeviceView; onChange: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const signals = useSignals();
  const rules = useRuleNames();
  const [address, setAddress] = useSearchParams();
  const [editing, setEditing] = useState(false);
  const profile = signals.profile(device.profile);
  const metrics = profile?.measures.map((measure) => measure.metric) ?? [];
  const metric = metrics.find((code) => code === address.get("metric")) ?? metrics[0];
  const vehicle = device.protocol === "jt808";
  return (
    <>
      <p><Link to="/desk/senses/devices">← {t("back.devices")}</Link></p>
      <header className="desk-head">
        <h1>{nameIn(device.names, language)}</h1>
        <Online device={device} />
        <span className="soft">{nameIn(device.profile_names, language)} · <span className="number">{device.code}</span></span>
        {vehicle ? <Link to={`/desk/senses/vehicles/${device.code}`}>{t("room.vehicles")} →</Link> : null}
        <div className="desk-filters">
          {may("device", "edit") && !device.retired_at ? <button type="button" className="chip" aria-pressed={editing} onClick={() => setEditing(!editing)}>{t("edit")}</button> : null}
        </div>
      </header>
      {editing ? (
        <DeviceForm
          title={t("edit")} fixed={["profile"]} onCancel={() => setEditing(false)}
          begin={{ code: device.code, profile: device.profile, address: device.address, names: device.names, organisation: device.organisation, at: device.at, attributes: device.attributes }}
          onSave={async (body) => {
            await call("PUT /api/v1/devices/{device_id}", { path: { device_id: device.id }, body: { ...body, revision: device.revision } });
            setEditing(false);
            onChange();
          }}
        />
      ) : null}
      <div className="senses-columns">
        <div>
          <Latest device={device} limitsOf={(code) => rules.limits(device.profile, code)} chosen={metric} onChoose={(code) => setAddress({ metric: code }, { replace: true })} />
          {metric && may("reading", "read") ? (
            <section className="card" aria-label={t("curve", { name: signals.named(metric) })}>
              <label className="row-line">{t("curve.choose")} <select value={metric} onChange={(event) => setAddress({ metric: event.target.value }, { replace: true })}>{metrics.map((code) => <option key={code} value={code}>{signals.named(code)}</option>)}</select></label>
              <Curve key={`${device.id} ${metric}`} label={t("curve", { name: signals.named(metric) })} device={device.code} metric={metric} interval={profile?.interval ?? 60} limits={rules.limits(device.profile, metric)} />
              <p className="soft small">{t("curve.about")}</p>
            </section>
          ) : null}
          <AlarmsOf device={device} />
          <Commands device={device} verbs={profile?.commands ?? []} />
          <Notes device={device} />
          <Story device={device} />
        </div>
        <Facts device={device} interval={profile?.interval} onChange={onChange} />
      </div>
    </>
  );
}

function AlarmsOf({ device }: { device: DeviceView }) {
  const t = useTexts(texts);
  const a = useTexts(alarmTexts);
  const { may } = useSession();
  const found = useAnswer("GET /api/v1/alarms", { query: { device: device.code, state: "all", limit: 20 } }, { enabled: may("alarm", "read") });
  if (!may("alarm", "read")) return null;
  return (
    <section className="card" aria-labelledby="device-alarms">
      <h2 id="device-alarms">{t("alarms.of")}</h2>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("alarms.of.none")}</p> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{a("column.severity")}</th><th>{a("column.alarm")}</th><th>{a("column.value")}</th><th>{a("column.since")}</th><th>{a("column.state")}</th><th>{a("column.case")}</th></tr></thead>
          <tbody>{found.data.items.map((alarm) => <tr key={alarm.id} className={`alarm-row ${alarm.severity}`}><Cells alarm={alarm} storm={null} /></tr>)}</tbody>
        </table>
      ) : null}
    </section>
  );
}

function Facts({ device, interval, onChange }: { device: DeviceView; interval: number | undefined; onChange: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { area } = useNaming();
  const { may } = useSession();
  const { profile } = useSignals();
  const [retiring, setRetiring] = useState(false);
  const [reason, setReason] = useState("");
  const [key, setKey] = useState("");
  const [refusal, setRefusal] = useState("");
  const attempt = async (act: () => Promise<unknown>) => {
    setRefusal("");
    try {
      await act();
      onChange();
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  const declared = profile(device.profile)?.attributes ?? {};
  const facts: [string, React.ReactNode][] = [
    [t("fact.code"), device.code], [t("fact.protocol"), device.protocol.toUpperCase()], [t("fact.address"), device.address],
    [t("fact.owner"), nameIn(device.organisation_names, language) || "–"], [t("fact.area"), device.area ? area(device.area) : "–"],
    ...Object.entries(device.attributes).map(([name, value]): [string, React.ReactNode] => [nameIn(declared[name], language) || name, value]),
    [t("fact.interval"), interval === undefined ? "–" : interval % 60 ? `${interval} s` : `${interval / 60} min`],
    [t("fact.secret"), device.secret ? t("fact.secret.yes") : t("fact.secret.no")],
    [t("column.seen"), <Ago key="seen" at={device.state.last_seen} />], [t("fact.remote"), device.state.remote || "–"],
    [t("fact.frames"), t("fact.frames.of", { n: device.state.frames, bad: device.state.bad_frames })],
    ...(device.state.last_fault ? [[t("fact.fault"), device.state.last_fault] as [string, React.ReactNode]] : []),
  ];
  return (
    <aside>
      <section className="card" aria-labelledby="device-facts">
        <h2 id="device-facts">{t("facts")}</h2>
        <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        {device.at ? <CityMap label={`${t("column.place")}: ${nameIn(device.names, language)}`} height={240} markers={[{ id: String(device.id), lon: device.at[0], lat: device.at[1], look: "place" }]} focus={{ lon: device.at[0], lat: device.at[1], zoom: 15 }} /> : null}
        {device.retired_at ? null : (
          <p className="row-line">
            {may("device", "edit") ? <button type="button" className="button second small" onClick={() => void attempt(async () => setKey((await call("POST /api/v1/devices/{device_id}/key", { path: { device_id: device.id } })).key))}>{t("key.issue")}</button> : null}
            {may("device", "retire") && !retiring ? <button type="button" className="button second small" onClick={() => setRetiring(true)}>{t("retire")}</button> : null}
          </p>
        )}
        {key ? <p role="status">{t("key.shown")} <code className="sample">{key}</code></p> : null}
        {retiring ? (
          <form onSubmit={(event) => (event.preventDefault(), void attempt(async () => (await call("POST /api/v1/devices/{device_id}/retire", { path: { device_id: device.id }, body: { reason } }), setRetiring(false))))}>
            <p className="soft small">{t("retire.about")}</p>
            <label className="field"><span>{t("retire.why")}</span><input autoFocus required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} /></label>
            <p className="row-line"><button className="button danger small">{t("retire.do")}</button><button type="button" className="link" onClick={() => setRetiring(false)}>{t("cancel")}</button></p>
          </form>
        ) : null}
        {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      </section>
    </aside>
  );
}
