// Shared by every page: language, calling the API, the city clock.

export const english = document.documentElement.lang === "en";
export const t = (zh, en) => (english ? en : zh);

const body = document.body.dataset;
const zone = body.zone || "Asia/Shanghai";

/** A refusal of the API: `problem` is its RFC 9457 body. */
export class Refusal extends Error {
  constructor(problem) {
    super(english ? problem.en || problem.title : problem.zh || problem.title);
    this.problem = problem;
  }
}

/** Call the API with JSON (or a FormData); answers the parsed body, throws Refusal with the words to show. */
export async function call(method, url, data, headers = {}) {
  const form = data instanceof FormData;
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { Accept: "application/json", ...(data && !form ? { "Content-Type": "application/json" } : {}), ...headers },
      body: data === undefined ? undefined : form ? data : JSON.stringify(data),
    });
  } catch {
    throw new Refusal({ zh: "网络不通,请检查连接后再试。", en: "No connection; check the network and try again." });
  }
  const type = answer.headers.get("content-type") || "";
  const content = type.includes("json") ? await answer.json() : null;
  if (!answer.ok) {
    throw new Refusal(content || { zh: `服务器答复 ${answer.status}`, en: `The server answered ${answer.status}` });
  }
  return content;
}

/** An element with properties and children, without touching innerHTML. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// ---- the city clock -------------------------------------------------------------------------------------------------
const state = { city: Date.parse(body.now), real: Date.now(), speed: Number(body.speed) || 0 };
if (body.simulated !== "yes") state.speed = 1;

/** The city's time now, in milliseconds. */
export const cityNow = () => state.city + (Date.now() - state.real) * state.speed;

/** Take over the clock as the server tells it: {now, speed}. */
export function setClock(answer) {
  state.city = Date.parse(answer.now);
  state.real = Date.now();
  state.speed = answer.speed;
  document.dispatchEvent(new CustomEvent("clock", { detail: answer }));
}

const timeFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(english ? "en-GB" : "zh-CN", { timeZone: zone, month: "long", day: "numeric", weekday: "short" });

export const minuteOf = (milliseconds) => minuteFormat.format(milliseconds);

/** How far a deadline is: "还有 3小时" or "超 20分钟". */
export function distance(due) {
  const seconds = (due - cityNow()) / 1000;
  const size = Math.abs(seconds);
  const words =
    size < 3600 ? t(`${Math.max(1, Math.round(size / 60))}分钟`, `${Math.max(1, Math.round(size / 60))} min`)
    : size < 86400 ? t(`${(size / 3600).toFixed(1)}小时`, `${(size / 3600).toFixed(1)} h`)
    : t(`${(size / 86400).toFixed(1)}天`, `${(size / 86400).toFixed(1)} d`);
  return seconds < 0 ? t(`超 ${words}`, `${words} late`) : t(`还有 ${words}`, `${words} left`);
}

function tick() {
  const now = cityNow();
  for (const place of document.querySelectorAll("[data-city-clock]")) place.textContent = timeFormat.format(now);
  for (const place of document.querySelectorAll("[data-city-date]")) place.textContent = dayFormat.format(now);
}
setInterval(tick, 500);
tick();

/** Where city time runs fast, the way of the page to the reader already costs minutes: ask again and reckon with it. */
async function syncClock() {
  const asked = Date.now();
  const answer = await call("GET", "/api/v1/clock");
  const half = (Date.now() - asked) / 2;
  setClock({ ...answer, now: new Date(Date.parse(answer.now) + half * answer.speed).toISOString() });
}
if (body.simulated === "yes" && state.speed !== 1) syncClock().catch((error) => { if (!(error instanceof Refusal)) throw error; });

function tickDeadlines() {
  for (const place of document.querySelectorAll(".clock[data-due]:not(.blue):not(.still)")) {
    const due = Date.parse(place.dataset.due);
    place.textContent = distance(due);
    if (due < cityNow()) { place.classList.remove("green", "yellow"); place.classList.add("red"); }
  }
}
setInterval(tickDeadlines, 5000);
