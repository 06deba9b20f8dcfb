// The hotline's form: class proposed while typing, duplicates beside, registered by the public API.

import { call, element, english, Refusal, t } from "./app.js";
import { showFieldErrors, values } from "./form.js";
import { CityMap } from "./map.js";

const form = document.querySelector("[data-intake]");
if (form) start();

function start() {
  const fields = form.elements;
  const map = new CityMap(form.querySelector("[data-map]"));
  const failed = element("div", { className: "form-error", role: "alert", hidden: true });
  form.prepend(failed);
  const type = () => fields.channel.value.split("/")[0];

  const quiet = (error) => { if (!(error instanceof Refusal)) throw error; };
  function later(milliseconds, work) {
    let timer = null;
    return () => { clearTimeout(timer); timer = setTimeout(() => work().catch(quiet), milliseconds); };
  }

  async function loadClasses() {
    const classes = await call("GET", `/api/v1/case-types/${type()}/classes`);
    const groups = new Map();
    for (const item of classes) {
      const name = english ? item.group.en : item.group.zh;
      if (!groups.has(name)) groups.set(name, element("optgroup", { label: name }));
      groups.get(name).append(element("option", { value: item.code, textContent: `${item.code} ${english ? item.names.en : item.names.zh}` }));
    }
    fields.class_code.replaceChildren(fields.class_code.options[0], ...groups.values());
  }
  fields.channel.addEventListener("change", () => loadClasses().catch(quiet));
  loadClasses().catch(quiet);

  function choose(lon, lat, centre = false) {
    fields.lon.value = lon.toFixed(6);
    fields.lat.value = lat.toFixed(6);
    map.pin(lon, lat, centre);
    nearby();
  }
  map.pick((lon, lat) => choose(lon, lat));

  let proposed = null;
  const suggested = form.querySelector("[data-suggested]");
  fields.text.addEventListener("input", later(400, async () => {
    const text = fields.text.value.trim();
    const found = text ? await call("GET", `/api/v1/cases/suggest?type=${type()}&text=${encodeURIComponent(text.slice(0, 500))}`) : [];
    proposed = found[0]?.class_code ?? null;
    suggested.replaceChildren(...(found.length ? [t("建议:", "Proposed: "), ...found.slice(0, 3).map((item) => element("button", {
      type: "button", className: "link-button", textContent: `${t(item.class_name, item.class_name_en)} `, onclick: () => { fields.class_code.value = item.class_code; nearby(); },
    }))] : []));
    nearby();
  }));
  fields.class_code.addEventListener("change", () => nearby());

  const places = form.querySelector("[data-places]");
  fields.address.addEventListener("input", later(300, async () => {
    const text = fields.address.value.trim();
    const found = text.length < 2 ? [] : await call("GET", `/plain/report/places?q=${encodeURIComponent(text)}`);
    places.replaceChildren(...found.map((place) => element("li", {}, element("button", {
      type: "button", textContent: `${place.name} ${place.area_name}`,
      onclick: () => { fields.address.value = place.name; places.replaceChildren(); choose(place.lon, place.lat, true); },
    }))));
  }));

  const list = document.querySelector("[data-duplicates]");
  const nearby = later(250, async () => {
    if (!fields.lon.value) return;
    const query = new URLSearchParams({ type: type(), lon: fields.lon.value, lat: fields.lat.value });
    const code = fields.class_code.value || proposed;
    if (code) query.set("class_code", code);
    const found = await call("GET", `/api/v1/cases/duplicates?${query}`);
    list.replaceChildren(found.length
      ? element("ul", { className: "newest" }, ...found.map((item) => element("li", {},
        element("b", { textContent: t(item.class_name, item.class_name_en) }), ` ${Math.round(item.metres)} m · ${t(item.status, item.status_en)}`,
        element("div", { className: "soft small number", textContent: `${item.number} · ${t(`${item.reports} 人上报`, `${item.reports} reports`)}` }))))
      : element("p", { className: "soft", textContent: t("附近没有正在办理的案件。", "No open case nearby.") }));
  });

  const registered = document.querySelector("[data-registered]");
  form.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.ctrlKey) form.requestSubmit(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button.big");
    button.disabled = true;
    failed.hidden = true;
    try {
      const { channel, name, phone, ...rest } = values(form);
      const receipt = await call("POST", "/api/v1/cases", {
        ...rest, type: channel.split("/")[0], channel: channel.split("/")[1], reporter: { name: name || "", phone: phone || "" },
      }, { "Idempotency-Key": crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) });
      if (registered.firstElementChild?.className === "soft") registered.replaceChildren();
      registered.prepend(element("li", {}, element("a", { href: `/plain/desk/cases/${receipt.id}`, textContent: receipt.number }),
        ` ${t(receipt.class_name, receipt.class_name_en)} · ${t(receipt.status, receipt.status_en)} · ${t("查询码", "code")} ${receipt.code}`));
      const kept = fields.channel.value;
      form.reset();
      fields.channel.value = kept;
      fields.lon.value = fields.lat.value = "";
      suggested.replaceChildren();
      fields.text.focus();
    } catch (error) {
      quiet(error);
      showFieldErrors(form, error.problem);
      failed.textContent = error.message;
      failed.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
