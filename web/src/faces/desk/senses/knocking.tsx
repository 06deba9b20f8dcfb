// Who is knocking (谁在敲门): addresses that speak and belong to no device, or speak badly; adopt them or put them aside.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { AdoptBody, DeviceView, KnockView } from "../../../shared/api/description";
import { queryClient, useChange } from "../../../shared/api/queries";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { agoWords, exactTime, useCityNow } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { DeviceForm } from "./device_form";
import { useAskEvery, useFresh } from "./fresh";
import { texts } from "./knock_texts";
import { Ago } from "./severity";

const operation = "GET /api/v1/devices/knocking";
const protocols = ["hj212", "jt808", "mqtt", "http"] as const;

export function Knocking() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const [adopted, setAdopted] = useState<DeviceView | null>(null);
  const [protocol, dismissed] = [address.get("protocol") ?? "", address.get("dismissed") === "1"];
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      return after;
    }, { replace: true });
  const found = useInfiniteQuery({
    queryKey: [operation, protocol, dismissed],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { protocol: protocol || null, dismissed, before: pageParam, limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  useAskEvery(operation, 5000);
  useFresh([operation], (entry) => entry.verb === "device.adopted" || entry.verb === "device.knock_dismissed");
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const again = () => void queryClient.invalidateQueries({ queryKey: [operation] });
  return (
    <>
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <div className="filters">
        <label className="filter"><span>{t("protocol")}</span><select value={protocol} onChange={(event) => put("protocol", event.target.value)}><option value="">{t("any")}</option>{protocols.map((one) => <option key={one} value={one}>{one.toUpperCase()}</option>)}</select></label>
        <label className="row-line"><input type="checkbox" checked={dismissed} onChange={(event) => put("dismissed", event.target.checked ? "1" : "")} /> {t("dismissed")}</label>
      </div>
      {adopted ? <p className="case-told" role="status">{t("adopted", { name: nameIn(adopted.names, language) })} <Link to={`/desk/senses/devices/${adopted.id}`}>{t("adopted.open")}</Link></p> : null}
      {found.error ? <ErrorNotice error={found.error} onRetry={again} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("column.who")}</th><th>{t("column.why")}</th><th>{t("column.times")}</th><th>{t("column.last")}</th><th>{t("column.sample")}</th><th>{t("column.do")}</th></tr></thead>
          <tbody>{rows.map((row) => <Knock key={`${row.protocol} ${row.address} ${row.reason}`} row={row} onAdopted={(device) => (setAdopted(device), again())} onDone={again} />)}</tbody>
        </table>
      ) : null}
      {found.hasNextPage ? <button type="button" className="button second" onClick={() => void found.fetchNextPage()}>…</button> : null}
    </>
  );
}

function Knock({ row, onAdopted, onDone }: { row: KnockView; onAdopted: (device: DeviceView) => void; onDone: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  const [adopting, setAdopting] = useState(false);
  const dismiss = useChange("POST /api/v1/devices/knocking/dismiss", [operation]);
  const save = async (body: Omit<AdoptBody, "protocol">) => {
    const protocol = protocols.find((one) => one === row.protocol) ?? "hj212";
    onAdopted(await call("POST /api/v1/devices/knocking/adopt", { body: { ...body, protocol, address: row.address } }));
    setAdopting(false);
  };
  return (
    <>
      <tr>
        <td><b className="number">{row.address}</b><small className="soft">{row.protocol.toUpperCase()} · {row.remote}</small></td>
        <td><Why reason={row.reason} /></td>
        <td className="number">{row.times}</td>
        <td><Ago at={row.last_at} /><small className="soft" title={exactTime(row.first_at, language)}>{t("first", { ago: agoWords(row.first_at, now, language) })}</small></td>
        <td><Sample row={row} /></td>
        <td>
          <span className="row-line">
            {row.profiles.length ? <button type="button" className="button small" aria-expanded={adopting} onClick={() => setAdopting(!adopting)}>{t("adopt")}</button> : <small className="soft">{t("no.profile")}</small>}
            {row.dismissed_at ? null : <button type="button" className="button second small" disabled={dismiss.isPending} onClick={() => dismiss.mutate({ body: { protocol: row.protocol, address: row.address } }, { onSuccess: onDone })}>{t("dismiss")}</button>}
          </span>
          {dismiss.error ? <p className="notice-error" role="alert">{messageOf(dismiss.error)}</p> : null}
        </td>
      </tr>
      {adopting ? (
        <tr><td colSpan={6}>
          <p className="soft small">{t("adopt.step")}</p>
          <DeviceForm title={t("adopt.title", { address: row.address })} profiles={row.profiles} begin={{ address: row.address }} fixed={["address"]} save={t("adopt.do")} onSave={save} onCancel={() => setAdopting(false)} />
        </td></tr>
      ) : null}
    </>
  );
}

/** Why it was not taken, in words; a detail that only the protocol knows is shown beside them. */
function Why({ reason }: { reason: string }) {
  const t = useTexts(texts);
  const known = (["unknown", "password", "crc", "format", "clock", "flood", "connections", "silent", "duplicate", "topic", "answer", "purpose", "encrypted"] as const).find((one) => one === reason);
  if (known) return <>{t(`why.${known}`)}</>;
  if (reason === "not authenticated") return <>{t("why.authenticated")}</>;
  if (reason === "another phone") return <>{t("why.phone")}</>;
  if (reason === "replayed position") return <>{t("why.replayed")}</>;
  if (reason.startsWith("message ")) return <>{t("why.message", { detail: reason.slice(8) })}</>;
  if (reason.startsWith("body: ")) return <>{t("why.body", { detail: reason.slice(6) })}</>;
  if (reason.startsWith("registration ")) return <>{t("why.registration")}</>;
  return <>{t("why.other", { detail: reason })}</>;
}

function Sample({ row }: { row: KnockView }) {
  const t = useTexts(texts);
  const bytes = useMemo(() => Uint8Array.from(atob(row.sample_base64), (letter) => letter.charCodeAt(0)), [row.sample_base64]);
  const readable = useMemo(() => bytes.every((byte) => byte === 10 || byte === 13 || (byte >= 32 && byte < 127)), [bytes]);
  const [hex, setHex] = useState(!readable);
  if (!bytes.length) return <span className="soft">{t("empty.sample")}</span>;
  return (
    <>
      <code className="sample" tabIndex={0}>{hex ? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ") : row.sample}</code>
      <button type="button" className="link small" onClick={() => setHex(!hex)}>{hex ? t("as.text") : t("as.hex")}</button>
    </>
  );
}
