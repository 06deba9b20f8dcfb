// Devices (设备): by kind, area and state; registering one, importing a sheet. Online and offline by themselves.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useSelection } from "../shared/selection";
import { useNaming } from "../shared/words";
import { DeviceForm } from "./device_form";
import { useFresh } from "./fresh";
import { ImportSheet } from "./importing";
import { Online } from "./online";
import { Ago } from "./severity";
import { useSignals } from "./signals";
import { texts } from "./texts";

const operation = "GET /api/v1/devices";

export function Devices() {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const { may } = useSession();
  const { words, area: areaName } = useNaming();
  const { profiles } = useSignals();
  const [address, setAddress] = useSearchParams();
  const [making, setMaking] = useState<"register" | "import" | null>(null);
  const [typed, setTyped] = useState(address.get("text") ?? "");
  const [profile, area, state, text] = [address.get("profile") ?? "", address.get("area") ?? "", address.get("state") ?? "", address.get("text") ?? ""];
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      return after;
    }, { replace: true });
  const filter = { profile: profile || null, area: area || null, text, online: state === "online" ? true : state === "offline" ? false : null, retired: state === "retired" };
  const found = useInfiniteQuery({
    queryKey: [operation, "list", filter],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { ...filter, after: pageParam, limit: 100 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
  });
  const counts = useAnswer("GET /api/v1/devices/counts", { query: filter }, { keep: true });
  useFresh([operation, "GET /api/v1/devices/counts"], (entry) => entry.kind === "device" && entry.verb !== "device.commanded" && !entry.verb.startsWith("vehicle."));
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const ids = useMemo(() => rows.map((row) => String(row.id)), [rows]);
  const selection = useSelection(ids);
  const open = (id: string | null) => id && void navigate(`/desk/senses/devices/${id}`);
  useKeys({
    j: () => selection.move(1), ArrowDown: () => selection.move(1), k: () => selection.move(-1), ArrowUp: () => selection.move(-1),
    Enter: () => open(selection.at), o: () => open(selection.at),
  });
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9);
  const total = (counts.data?.items ?? []).reduce((all, one) => ({ n: all.n + one.devices, online: all.online + one.online }), { n: 0, online: 0 });
  return (
    <>
      <header className="desk-head">
        <h1>{t("devices")}</h1>
        <p className="soft number">{t("devices.count", total)}</p>
        {may("device", "register") ? (
          <div className="desk-filters">
            <button type="button" className="chip" aria-pressed={making === "register"} onClick={() => setMaking(making === "register" ? null : "register")}>{t("devices.register")}</button>
            <button type="button" className="chip" aria-pressed={making === "import"} onClick={() => setMaking(making === "import" ? null : "import")}>{t("devices.import")}</button>
          </div>
        ) : null}
      </header>
      {making === "register" ? <DeviceForm title={t("devices.register")} onCancel={() => setMaking(null)} onSave={async (body) => open(String((await call("POST /api/v1/devices", { body })).id))} /> : null}
      {making === "import" ? <ImportSheet /> : null}
      <form className="filters" onSubmit={(event) => (event.preventDefault(), put("text", typed.trim()))}>
        <label className="filter"><span>{t("filter.profile")}</span><select value={profile} onChange={(event) => put("profile", event.target.value)}><option value="">{t("any")}</option>{profiles.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.area")}</span><select value={area} onChange={(event) => put("area", event.target.value)}><option value="">{t("any")}</option>{streets.map(([code, names]) => <option key={code} value={code}>{nameIn(names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.state")}</span><select value={state} onChange={(event) => put("state", event.target.value)}><option value="">{t("any")}</option>{(["online", "offline", "retired"] as const).map((one) => <option key={one} value={one}>{t(`state.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.text")}</span><input value={typed} maxLength={60} onChange={(event) => setTyped(event.target.value)} /></label>
        <button className="button second small">{t("find")}</button>
      </form>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("devices.none")}>{t("devices.none.next")}</Empty> : null}
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("column.device")}</th><th>{t("column.kind")}</th><th>{t("column.state")}</th><th>{t("column.seen")}</th><th>{t("column.place")}</th><th>{t("column.owner")}</th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id} data-row={row.id} className={String(row.id) === selection.at ? "at" : ""} onClick={() => selection.setAt(String(row.id))} onDoubleClick={() => open(String(row.id))}>
                <td className="rows-main"><Link className="case-line-title" to={`/desk/senses/devices/${row.id}`}>{nameIn(row.names, language)}</Link><small className="soft number">{row.code} · {row.protocol} {row.address}</small></td>
                <td>{nameIn(row.profile_names, language)}</td>
                <td><Online device={row} /></td>
                <td><Ago at={row.state.last_seen} />{row.state.last_fault ? <small className="soft">{row.state.last_fault}</small> : null}</td>
                <td>{row.area ? areaName(row.area) : "–"}</td>
                <td>{nameIn(row.organisation_names, language) || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.hasNextPage ? <button type="button" className="button second" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("more")}</button> : rows.length ? <p className="soft small rows-end">{t("end", { n: rows.length })}</p> : null}
    </>
  );
}
