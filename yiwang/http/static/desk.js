// Lists of the desk: rows by keyboard (j, k, Enter, c), kept current by the live stream.

import { call, Refusal } from "./app.js";
import { refreshParts } from "./form.js";
import { onLive } from "./live.js";

let current = -1;
const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")];

function mark(index) {
  const all = rows();
  if (!all.length) return;
  current = Math.max(0, Math.min(index, all.length - 1));
  for (const [number, row] of all.entries()) row.classList.toggle("current", number === current);
  all[current].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", async (event) => {
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = rows()[current];
  if (event.key === "j") mark(current + 1);
  else if (event.key === "k") mark(current - 1);
  else if (event.key === "Enter" && row) location.href = row.dataset.href;
  else if (event.key === "c" && row?.dataset.claim) {
    try { await call("POST", row.dataset.claim); } catch (error) { if (error instanceof Refusal) alert(error.message); else throw error; }
    await refreshParts();
  } else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button") && !getSelection().toString()) location.href = row.dataset.href;
});

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.submit());
}

document.addEventListener("parts", () => { if (current >= 0) mark(current); });

let waiting = null;
onLive((entry) => {
  if (entry.kind !== "case" || waiting) return;
  waiting = setTimeout(async () => { waiting = null; if (!document.hidden) await refreshParts(); }, 1500);
});
