// The journal page: verify the chain and say what came out.

import { call, Refusal, t } from "./app.js";

const button = document.querySelector("[data-verify]");
const said = document.querySelector("[data-verified]");
button.addEventListener("click", async () => {
  button.disabled = true;
  said.textContent = t("正在重算…", "recomputing …");
  try {
    const report = await call("POST", "/api/v1/journal/verify");
    said.textContent = report.whole
      ? t(`完好:${report.links} 批,${report.entries} 条;未封存 ${report.unsealed} 条`, `whole: ${report.links} links, ${report.entries} entries; ${report.unsealed} not sealed yet`)
      : t(`第 ${report.broken} 批不符:${report.reason}`, `link ${report.broken} does not hold: ${report.reason}`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});
