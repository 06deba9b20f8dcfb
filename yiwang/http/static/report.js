// The report form: place by tapping the map, by "here" or by name; class and duplicates while typing; photos first, then the report.

import { call, element, Refusal, t } from "./app.js";
import { showFieldErrors, uploadAll } from "./form.js";
import { CityMap } from "./map.js";

const form = document.querySelector("[data-report]");
const fields = form.elements;
const host = document.querySelector("[data-map-host]");
host.hidden = false;
document.querySelector("[data-map-hint]").hidden = false;
const map = new CityMap(host.querySelector("[data-map]"));

function choose(lon, lat, centre = false) {
  fields.lon.value = lon.toFixed(6);
  fields.lat.value = lat.toFixed(6);
  map.pin(lon, lat, centre);
  lookForDuplicates();
}
map.pick((lon, lat) => choose(lon, lat));
if (fields.lon.value) choose(Number(fields.lon.value), Number(fields.lat.value), true);

const here = document.querySelector("[data-here]");
if (navigator.geolocation) {
  here.hidden = false;
  here.addEventListener("click", () => {
    here.disabled = true;
    navigator.geolocation.getCurrentPosition(
      (found) => { here.disabled = false; choose(found.coords.longitude, found.coords.latitude, true); },
      () => { here.disabled = false; alert(t("没有取得位置,请在地图上点选。", "No position; tap the map instead.")); },
      { enableHighAccuracy: true, timeout: 10000 },
    );
  });
}

function later(milliseconds, work) {
  let timer = null;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => work(...given).catch((error) => { if (!(error instanceof Refusal)) throw error; }), milliseconds); };
}

// ---- places by name -------------------------------------------------------------------------------------------------
const places = document.querySelector("[data-places]");
fields.address.addEventListener("input", later(300, async () => {
  const text = fields.address.value.trim();
  const found = text.length < 2 ? [] : await call("GET", `/plain/report/places?q=${encodeURIComponent(text)}`);
  places.replaceChildren(...found.map((place) => element("li", {}, element("button", {
    type: "button",
    textContent: place.area_name ? `${place.name}(${place.area_name})` : place.name,
    onclick: () => { fields.address.value = place.name; choose(place.lon, place.lat, true); places.replaceChildren(); },
  }))));
}));

// ---- class and duplicates -------------------------------------------------------------------------------------------
const suggested = document.querySelector("[data-suggested]");
const duplicates = document.querySelector("[data-duplicates]");
let classCode = null;

const suggest = later(500, async () => {
  const text = fields.text.value.trim();
  const found = text ? await call("GET", `/api/v1/cases/suggest?type=${form.dataset.type}&text=${encodeURIComponent(text.slice(0, 500))}`) : [];
  classCode = found[0]?.class_code ?? null;
  suggested.textContent = found.length ? t(`看起来是:${found[0].class_name}`, `Looks like: ${found[0].class_name_en}`) : "";
  lookForDuplicates();
});
fields.text.addEventListener("input", suggest);

const lookForDuplicates = later(300, async () => {
  if (!fields.lon.value) return;
  const query = new URLSearchParams({ type: form.dataset.type, lon: fields.lon.value, lat: fields.lat.value });
  if (classCode) query.set("class_code", classCode);
  const found = await call("GET", `/api/v1/cases/duplicates?${query}`);
  const same = found.filter((item) => !classCode || item.class_code === classCode);
  const people = same.reduce((sum, item) => sum + item.reports, 0);
  duplicates.textContent = people ? t(
    `附近已有 ${people} 人上报“${same[0].class_name}”(${same[0].status})。您仍可提交,会并在一起办理。`,
    `${people} people have reported “${same[0].class_name_en}” nearby (${same[0].status_en}). Yours will be handled together with it.`,
  ) : "";
});

// ---- photos ---------------------------------------------------------------------------------------------------------
const previews = document.querySelector("[data-previews]");
fields.photos.addEventListener("change", () => {
  previews.replaceChildren(...[...fields.photos.files].slice(0, 5).map((file) =>
    element("figure", {}, element("img", { src: URL.createObjectURL(file), alt: file.name }))));
});

// ---- sending --------------------------------------------------------------------------------------------------------
const key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`;
const failed = document.querySelector("[data-form-error]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  failed.hidden = true;
  try {
    const photos = await uploadAll([...fields.photos.files].slice(0, 5), "report");
    const receipt = await call("POST", "/api/v1/cases", {
      type: form.dataset.type,
      channel: form.dataset.channel,
      text: fields.text.value,
      address: fields.address.value,
      lon: fields.lon.value ? Number(fields.lon.value) : null,
      lat: fields.lat.value ? Number(fields.lat.value) : null,
      reporter: { name: fields.name.value, phone: fields.phone.value },
      photos,
    }, { "Idempotency-Key": key });
    show(receipt);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    showFieldErrors(form, error.problem);
    failed.textContent = error.message;
    failed.hidden = false;
    failed.scrollIntoView({ block: "center" });
  } finally {
    button.disabled = false;
  }
});

function show(receipt) {
  const page = document.querySelector("[data-receipt]").content.cloneNode(true);
  page.querySelector("[data-receipt-number]").textContent = receipt.number;
  page.querySelector("[data-receipt-code]").textContent = receipt.code;
  page.querySelector("[data-receipt-number-input]").value = receipt.number;
  page.querySelector("[data-receipt-code-input]").value = receipt.code;
  if (receipt.class_code) page.querySelector("[data-receipt-class]").textContent = t(`初步分类:${receipt.class_name}`, `Classified for now as: ${receipt.class_name_en}`);
  page.querySelector("[data-receipt-head]").hidden = !receipt.head_number;
  document.querySelector("main").replaceChildren(page);
  scrollTo(0, 0);
}
