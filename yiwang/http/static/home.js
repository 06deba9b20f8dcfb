// The home page: map, counters, ticker and newest cases kept current from the live stream; the demo clock's speed.

import { call, cityNow, element, english, minuteOf, Refusal, setClock, t } from "./app.js";
import { onLive } from "./live.js";
import { CityMap, caseTitle } from "./map.js";

const map = new CityMap(document.querySelector("[data-map]"));
const ticker = document.querySelector("[data-ticker]");
const newest = document.querySelector("[data-newest]");
const signedIn = document.querySelector('form[action="/plain/sign-out"]') !== null;

const link = (id) => (signedIn ? `/plain/desk/cases/${id}` : `/plain/sign-in?next=/plain/desk/cases/${id}`);

let drawn = new Map();

function draw(cases, fresh = new Set()) {
  map.keep(new Set(cases.map((item) => item.id)));
  drawn = new Map(cases.map((item) => [item.id, item]));
  for (const item of [...cases].reverse()) {
    map.put({ ...item, colour: item.clock, title: caseTitle(item), href: link(item.id) }, fresh.has(item.id));
  }
}

function showNewest(cases) {
  newest.replaceChildren(...cases.map((item) =>
    element("li", {}, element("a", { href: link(item.id) },
      element("span", { className: "row spread" },
        element("b", { textContent: t(item.class_name, item.class_name_en) }),
        element("span", { className: `clock ${item.clock} still`, textContent: item.clock_words })),
      element("span", { className: "soft small", textContent: `${t(item.status, item.status_en)} · ${item.area_name} · ${minuteOf(Date.parse(item.reported_at))}` })))));
}

let changed = new Set();
let waiting = null;

async function refresh() {
  waiting = null;
  const fresh = changed;
  changed = new Set();
  try {
    const state = await call("GET", "/plain/home/state");
    draw(state.cases, fresh);
    for (const [key, value] of Object.entries(state.counters)) {
      const place = document.querySelector(`[data-counter="${key}"]`);
      if (place) place.textContent = value.toLocaleString("en") + (value >= 10000 ? "+" : "");
    }
    showNewest(state.newest);
    if (state.newest.length && newest.children.length === 0) showNewest(state.newest);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

function soon() {
  if (!waiting) waiting = setTimeout(refresh, 900);
}

onLive((entry) => {
  if (entry.kind !== "case" || entry.verb === "case.closed") return; // the step that closed it is told already
  changed.add(entry.id);
  tell(entry);
  soon();
});

const most = 40;

async function tell(entry) {
  const words = await wordsOf(entry);
  if (!words) return;
  ticker.querySelector("[data-quiet]")?.remove();
  ticker.prepend(element("li", { className: "new" },
    element("time", { textContent: minuteOf(Date.parse(entry.at)), dateTime: entry.at }),
    element("span", {}, element("a", { href: link(entry.id), textContent: words }))));
  while (ticker.children.length > most) ticker.lastElementChild.remove();
}

let vocabulary = null;
const vocabularyReady = call("GET", "/plain/home/words").then((answer) => { vocabulary = answer; }, () => { vocabulary = { verbs: {}, classes: {}, areas: {}, statuses: {} }; });

async function wordsOf(entry) {
  await vocabularyReady;
  const index = english ? 1 : 0;
  const what = vocabulary.classes[entry.class]?.[index] || t("一件事", "a matter");
  const where = vocabulary.areas[entry.area.slice(0, 9)]?.[index] || "";
  const done = entry.verb === "case.step"
    ? vocabulary.statuses[`${entry.type}/${entry.status}`]?.[index] || entry.status
    : vocabulary.verbs[entry.verb]?.[index];
  if (!done) return null;
  return [where, what, done].filter(Boolean).join(t(" ", ", "));
}

// ---- the clock's speed ------------------------------------------------------------------------------------------------
const speeds = document.querySelector("[data-speeds]");
speeds?.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-speed]");
  if (!button) return;
  try {
    setClock(await call("PUT", "/api/v1/clock", { speed: Number(button.dataset.speed) }));
  } catch (error) {
    if (error instanceof Refusal) alert(error.message); else throw error;
  }
});
document.addEventListener("clock", (event) => {
  const speed = event.detail.speed;
  for (const button of speeds?.querySelectorAll("button") || []) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }
  const figure = document.querySelector("[data-speed-figure]");
  if (figure) figure.textContent = speed;
});

refresh();
// Colours of clocks change by themselves as time passes.
setInterval(() => { if (!document.hidden && cityNow()) refresh(); }, 10000);
