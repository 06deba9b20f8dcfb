// The case page: operations by the API, the story live, the place on the map.

import { element, t } from "./app.js";
import { refreshParts, speakToApi } from "./form.js";
import { onLive } from "./live.js";
import { CityMap } from "./map.js";

const id = document.querySelector("[data-case]").dataset.case;

const place = document.querySelector("[data-place]");
if (place) {
  const map = new CityMap(place.querySelector("[data-map]"));
  const [lon, lat] = place.dataset.place.split(",").map(Number);
  map.zoom(0.25);
  map.pin(lon, lat, true);
}

function bind() {
  for (const form of document.querySelectorAll("form[data-api]:not([data-bound])")) {
    form.dataset.bound = "yes";
    speakToApi(form, async () => {
      await refreshParts();
      document.querySelector("h1").scrollIntoView({ block: "start" });
    });
  }
  followClass();
}

/** Another class has other filing standards: fetch them when the class is changed. */
function followClass() {
  for (const select of document.querySelectorAll('select[name="class_code"]:not([data-follows])')) {
    select.dataset.follows = "yes";
    const standard = select.form.elements.standard;
    if (standard) select.addEventListener("change", () => {
      standard.replaceChildren(element("option", { value: "", textContent: t("该分类的第一条标准", "the class's first standard") }));
      standard.required = false;
    });
  }
}

document.addEventListener("parts", bind);
bind();

let waiting = null;
onLive((entry) => {
  if (entry.id !== id || waiting) return;
  waiting = setTimeout(async () => {
    waiting = null;
    const busy = document.activeElement?.closest("form[data-api]");
    if (!busy) await refreshParts();
  }, 600);
});
