// One vote: its questions, the roll with who has voted (never what), codes told once, proxies and ballots on paper.

import { useState, type FormEvent } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { CodeList, VoiceView, VoteView } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { PhotoPicker } from "../../../shared/photos/picker";
import type { Photo } from "../../../shared/photos/prepare";
import { uploadAll } from "../../../shared/photos/upload";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts as common } from "../shared/texts";
import { Result, VoteState } from "./result";
import { texts } from "./texts";

const one = "GET /api/v1/votes/{vote}";
const roll = "GET /api/v1/votes/{vote}/roll";
const lists = ["GET /api/v1/votes", one, roll] as const;

export function VotePage() {
  const t = useTexts(texts);
  const { id = "" } = useParams();
  const found = useAnswer(one, { path: { vote: id } });
  const back = <p className="vote-noprint"><Link to="/desk/votes">{t("back")}</Link></p>;
  if (found.error instanceof Problem && found.error.status === 404) return <>{back}<Empty title={t("gone")} /></>;
  if (found.error) return <>{back}<ErrorNotice error={found.error} onRetry={() => void found.refetch()} /></>;
  if (!found.data) return <>{back}<Loading /></>;
  return <>{back}<Vote vote={found.data} /></>;
}

function Vote({ vote }: { vote: VoteView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [withdrawing, setWithdrawing] = useState(false);
  const withdraw = useChange("POST /api/v1/votes/{vote}/withdraw", lists);
  const facts = [
    [t("scope"), vote.scope_title],
    [t("case"), <Link key="case" to={`/desk/cases/${vote.case_id}`}>{vote.case_number}</Link>],
    [t("ballots"), t(vote.secret ? "secret" : "open.ballots")],
    [t("electorate"), t("electorate.is", { voices: vote.voices, houses: vote.houses, area: vote.area_m2 })],
    [t("time"), `${exactTime(vote.opens_at, language)} – ${exactTime(vote.closes_at, language)}`],
    [t("called"), `${vote.called_by} · ${exactTime(vote.called_at, language)}`],
    [t("reason"), vote.reason],
  ] as const;
  return (
    <>
      <section className="card">
        <h2>{vote.title} <VoteState vote={vote} /></h2>
        <dl className="facts">{facts.map(([name, value]) => (value ? <div key={name}><dt>{name}</dt><dd>{value}</dd></div> : null))}</dl>
        {vote.result ? <Result vote={vote} /> : (
          <>
            <ol>{vote.questions.map((question) => <li key={question.nth}>{question.title} <span className="soft">{question.options.map(({ title }) => title).join(" / ")}{question.seats > 1 ? ` · ${t("seats", { n: question.seats })}` : ""}</span></li>)}</ol>
            <p>{vote.cast === null ? t("nothing.shown") : t("cast", { cast: vote.cast, voices: vote.voices })}</p>
          </>
        )}
        {vote.state === "called" && may("vote", "start") ? <button type="button" className="button second small vote-noprint" onClick={() => setWithdrawing(true)}>{t("withdraw")}</button> : null}
        {withdrawing ? (
          <ReasonDialog
            title={`${t("withdraw")}: ${vote.title}`} about={t("withdraw.about")} verb={t("withdraw")} grave pending={withdraw.isPending} error={withdraw.error} onClose={() => (withdraw.reset(), setWithdrawing(false))}
            onReason={(reason) => withdraw.mutate({ path: { vote: vote.id }, body: { reason } }, { onSuccess: () => setWithdrawing(false) })}
          />
        ) : null}
      </section>
      {vote.state === "called" && may("vote", "manage") ? <Codes vote={vote} /> : null}
      {may("vote", "manage") || may("vote", "record") ? <Roll vote={vote} /> : null}
    </>
  );
}

/** Codes are told once: they are printed into letters and forgotten here. */
function Codes({ vote }: { vote: VoteView }) {
  const t = useTexts(texts);
  const [told, setTold] = useState<CodeList["items"] | null>(null);
  const codes = useChange("POST /api/v1/votes/{vote}/codes", [roll]);
  return (
    <section className="card" aria-labelledby="vote-codes">
      <h2 id="vote-codes">{t("codes")}</h2>
      <p className="soft vote-noprint">{t("codes.about")}</p>
      <p className="row-line vote-noprint">
        <button type="button" className="button second small" disabled={codes.isPending} onClick={() => codes.mutate({ path: { vote: vote.id }, body: {} }, { onSuccess: ({ items }) => setTold(items) })}>{t("codes.make")}</button>
        {told?.length ? <button type="button" className="button second small" onClick={() => window.print()}>{t("print")}</button> : null}
      </p>
      {codes.error ? <p className="notice-error" role="alert">{messageOf(codes.error)}</p> : null}
      {told ? <p role="status">{t(told.length ? "codes.once" : "codes.none", { n: told.length })}</p> : null}
      {told?.length ? <ul className="plain-list vote-codes">{told.map((code) => <li key={code.voice}>{code.title} {code.owners} <code>{code.code}</code></li>)}</ul> : null}
    </section>
  );
}

function Roll({ vote }: { vote: VoteView }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const { may } = useSession();
  const [address, setAddress] = useSearchParams();
  const cast = address.get("cast");
  const [doing, setDoing] = useState<{ voice: VoiceView; what: "proxy" | "paper" } | null>(null);
  const found = useAnswer(roll, { path: { vote: vote.id }, query: { cast: cast === null ? null : cast === "true", after: Number(address.get("after") ?? 0), limit: 100 } }, { keep: true });
  const ways = { code: t("how.code"), proxy: t("how.proxy"), paper: t("how.paper") } as Record<string, string>;
  return (
    <section className="card vote-noprint" aria-labelledby="vote-roll">
      <h2 id="vote-roll">{t("roll")}</h2>
      <label className="row-line">{t("roll.show")} <select value={cast ?? ""} onChange={(event) => setAddress(event.target.value ? { cast: event.target.value } : {})}><option value="">{t("any")}</option><option value="true">{t("roll.cast")}</option><option value="false">{t("roll.waiting")}</option></select></label>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data && !found.data.items.length ? <Empty title={t("roll.none")} /> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("voice")}</th><th>{t("owners")}</th><th>{t("area.m2")}</th><th>{t("state")}</th><th><span className="visually-hidden">{t("do")}</span></th></tr></thead>
          <tbody>
            {found.data.items.map((voice) => (
              <tr key={voice.id}>
                <td data-label={t("voice")}>{voice.nth}. {voice.title}{voice.houses > 1 ? <small className="soft">{t("houses.n", { n: voice.houses })}</small> : null}</td>
                <td data-label={t("owners")}>{voice.owners}{voice.proxy ? <small className="soft">{t("proxy.is", { name: voice.proxy })}</small> : null}</td>
                <td data-label={t("area.m2")} className="number">{voice.area_m2}</td>
                <td data-label={t("state")}>
                  <span>{voice.cast_at ? <><Tag look="green">{t("roll.cast")}</Tag> <small className="soft">{shortTime(voice.cast_at, language)} {ways[voice.cast_how] ?? voice.cast_how}</small></> : voice.read_by ? <Tag look="yellow">{t("second.reader", { name: voice.read_by })}</Tag> : <Tag>{t(voice.has_code ? "code.sent" : "no.code")}</Tag>}</span>
                </td>
                <td>
                  {vote.state === "called" && !voice.cast_at ? (
                    <span className="row-line">
                      {may("vote", "manage") ? <button type="button" className="button second small" aria-label={`${t("proxy")}: ${voice.title}`} onClick={() => setDoing({ voice, what: "proxy" })}>{t("proxy")}</button> : null}
                      {may("vote", "record") && vote.open ? <button type="button" className="button second small" aria-label={`${t("paper")}: ${voice.title}`} onClick={() => setDoing({ voice, what: "paper" })}>{t("paper")}</button> : null}
                    </span>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <button type="button" className="button second" onClick={() => setAddress({ ...(cast ? { cast } : {}), after: String(found.data?.after ?? "") })}>{c("more")}</button> : null}
      {doing?.what === "proxy" ? <Proxy key={doing.voice.id} vote={vote} voice={doing.voice} onClose={() => setDoing(null)} /> : null}
      {doing?.what === "paper" ? <Paper key={doing.voice.id} vote={vote} voice={doing.voice} onClose={() => setDoing(null)} /> : null}
    </section>
  );
}

interface VoiceProps {
  vote: VoteView;
  voice: VoiceView;
  onClose: () => void;
}

function Proxy({ vote, voice, onClose }: VoiceProps) {
  const t = useTexts(texts);
  const [name, setName] = useState("");
  const [number, setNumber] = useState("");
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const give = useChange("POST /api/v1/votes/{vote}/proxies", [roll]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      const [proof] = await uploadAll(photos, "other", (stored) => (setPhotos((before) => before.map((photo) => (photo.id === stored.id ? stored : photo))), Promise.resolve()));
      if (!proof) throw new Error(t("proof.needed"));
      await give.mutateAsync({ path: { vote: vote.id }, body: { voice: voice.id, name, number, proof } });
      onClose();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="operation operation-form" aria-label={`${t("proxy")}: ${voice.title}`} onSubmit={(event) => void submit(event)}>
      <h3>{t("proxy")}: {voice.title}</h3>
      <div className="field"><label htmlFor="proxy-name">{t("proxy.name")}</label><input id="proxy-name" required maxLength={60} autoFocus value={name} onChange={(event) => setName(event.target.value)} /></div>
      <div className="field"><label htmlFor="proxy-number">{t("proxy.number")}</label><input id="proxy-number" required pattern="[0-9]{3}[0-9Xx]" maxLength={4} autoComplete="off" value={number} onChange={(event) => setNumber(event.target.value)} /></div>
      <PhotoPicker photos={photos} told={false} most={1} label={t("proof")} onChange={setPhotos} />
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <div className="row-line"><button className="button" disabled={busy || !photos.length}>{t("proxy.save")}</button><button type="button" className="button second" onClick={onClose}>{t("cancel")}</button></div>
    </form>
  );
}

/** A ballot on paper, as it is read: the second reader must read the same. */
function Paper({ vote, voice, onClose }: VoiceProps) {
  const t = useTexts(texts);
  const [choices, setChoices] = useState<Record<string, string[]>>(Object.fromEntries(vote.questions.map(({ nth }) => [String(nth), []])));
  const write = useChange("POST /api/v1/votes/{vote}/papers", lists);
  const put = (nth: number, id: string, chosen: boolean, seats: number) => {
    const before = choices[String(nth)] ?? [];
    const after = seats === 1 ? (chosen ? [id] : []) : chosen ? [...before, id] : before.filter((one) => one !== id);
    setChoices({ ...choices, [String(nth)]: after });
  };
  return (
    <form
      className="operation operation-form vote-paper" aria-label={`${t("paper")}: ${voice.title}`}
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate({ path: { vote: vote.id }, body: { voice: voice.id, choices } });
      }}
    >
      <h3>{t("paper")}: {voice.title}</h3>
      <p className="soft">{t("paper.about")}</p>
      {vote.questions.map((question) => (
        <fieldset key={question.nth}>
          <legend>{question.nth}. {question.title}</legend>
          <span className="row-line">
            {question.options.map((option) => (
              <label key={option.id} className="row-line">
                <input type={question.seats === 1 ? "radio" : "checkbox"} name={`question-${question.nth}`} checked={choices[String(question.nth)]?.includes(option.id) ?? false} disabled={write.isSuccess || (question.seats > 1 && !choices[String(question.nth)]?.includes(option.id) && (choices[String(question.nth)]?.length ?? 0) >= question.seats)} onChange={(event) => put(question.nth, option.id, event.target.checked, question.seats)} /> {option.title}
              </label>
            ))}
            <button type="button" className="link" disabled={write.isSuccess} onClick={() => setChoices({ ...choices, [String(question.nth)]: [] })}>{t("abstain")}</button>
            {choices[String(question.nth)]?.length ? null : <span className="soft small">{t("abstained")}</span>}
          </span>
        </fieldset>
      ))}
      {write.error ? <p className="notice-error" role="alert">{messageOf(write.error)}</p> : null}
      {write.data ? <p role="status">{write.data.waits ? t("paper.waits") : t("paper.done", { receipt: write.data.receipt?.receipt ?? "" })}</p> : null}
      <div className="row-line">{write.isSuccess ? null : <button className="button" disabled={write.isPending}>{t("paper.save")}</button>}<button type="button" className="button second" onClick={onClose}>{t(write.isSuccess ? "close" : "cancel")}</button></div>
    </form>
  );
}
