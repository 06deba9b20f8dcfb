// The SVG map: pan, zoom, dots for cases, a pin for a chosen place. Coordinates are lon, lat in degrees.

import { element, t } from "./app.js";

const svgName = "http://www.w3.org/2000/svg";

export class CityMap {
  constructor(host) {
    this.host = host;
    this.svg = host.querySelector("svg");
    this.dots = host.querySelector("[data-dots]");
    const [lon, lat, scaleX, scaleY] = host.dataset.origin.split(",").map(Number);
    this.origin = { lon, lat, scaleX, scaleY };
    const [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number);
    this.whole = { x: 0, y: 0, width, height };
    this.view = { ...this.whole };
    this.byId = new Map();
    this.tip = element("div", { className: "map-tip", hidden: true, role: "status" });
    host.append(this.tip);
    this.#listen();
    new ResizeObserver(() => this.#scale()).observe(this.svg);
  }

  toPlane(lon, lat) {
    return [(lon - this.origin.lon) * this.origin.scaleX, (this.origin.lat - lat) * this.origin.scaleY];
  }

  toDegrees(x, y) {
    return [this.origin.lon + x / this.origin.scaleX, this.origin.lat - y / this.origin.scaleY];
  }

  /** Put or move a case's dot: {id, lon, lat, colour, title, href}. */
  put(item, fresh = false) {
    if (item.lon === null || item.lon === undefined) return;
    let dot = this.byId.get(item.id);
    if (!dot) {
      dot = document.createElementNS(svgName, "circle");
      this.dots.append(dot);
      this.byId.set(item.id, dot);
      dot.addEventListener("pointerenter", () => this.#show(dot));
      dot.addEventListener("pointerleave", () => { this.tip.hidden = true; });
      dot.addEventListener("click", () => { if (dot.dataset.href && !this.moved) location.href = dot.dataset.href; });
    }
    const [x, y] = this.toPlane(item.lon, item.lat);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    dot.setAttribute("r", this.#radius());
    dot.setAttribute("class", `dot ${item.colour}${fresh ? " new" : ""}`);
    dot.dataset.title = item.title || "";
    dot.dataset.href = item.href || "";
    if (fresh) this.dots.append(dot);
  }

  remove(id) {
    const dot = this.byId.get(id);
    if (dot) { dot.remove(); this.byId.delete(id); }
  }

  /** Keep only the dots whose ids are in `ids`. */
  keep(ids) {
    for (const id of [...this.byId.keys()]) if (!ids.has(id)) this.remove(id);
  }

  /** Let a tap choose a place: chosen(lon, lat). */
  pick(chosen) {
    this.host.classList.add("pick");
    this.chosen = chosen;
  }

  pin(lon, lat, centre = false) {
    if (!this.mark) {
      this.mark = document.createElementNS(svgName, "path");
      this.mark.setAttribute("class", "pin");
      this.mark.setAttribute("d", "M0 0C-4-7-7-10-7-15a7 7 0 1 1 14 0c0 5-3 8-7 15z");
      this.svg.append(this.mark);
    }
    const [x, y] = this.toPlane(lon, lat);
    this.place = [x, y];
    if (centre) this.#setView({ ...this.view, x: x - this.view.width / 2, y: y - this.view.height / 2 });
    this.#scale();
  }

  /** Drawing units per pixel of the screen: dots, names and the pin keep their size whatever the zoom. */
  #unit() {
    const matrix = this.svg.getScreenCTM();
    return matrix && matrix.a > 0 ? 1 / matrix.a : this.view.width / 800;
  }

  #radius() { return 5.5 * this.#unit(); }

  #scale() {
    const unit = this.#unit();
    for (const dot of this.byId.values()) dot.setAttribute("r", 5.5 * unit);
    for (const name of this.svg.querySelectorAll(".area-name")) {
      name.setAttribute("font-size", 13 * unit);
      name.setAttribute("stroke-width", 3 * unit);
    }
    if (this.mark && this.place) {
      this.mark.setAttribute("transform", `translate(${this.place[0]} ${this.place[1]}) scale(${1.5 * unit})`);
    }
  }

  #show(dot) {
    if (!dot.dataset.title) return;
    const box = dot.getBoundingClientRect();
    const host = this.host.getBoundingClientRect();
    this.tip.textContent = dot.dataset.title;
    this.tip.style.left = `${box.left + box.width / 2 - host.left}px`;
    this.tip.style.top = `${box.top - host.top}px`;
    this.tip.hidden = false;
  }

  #setView(view) {
    const width = Math.min(Math.max(view.width, this.whole.width / 60), this.whole.width * 1.3);
    const height = width * (this.whole.height / this.whole.width);
    this.view = { x: view.x, y: view.y, width, height };
    this.svg.setAttribute("viewBox", `${this.view.x} ${this.view.y} ${width} ${height}`);
    this.#scale();
  }

  /** The point of the drawing under a pointer event. */
  #point(event) {
    const matrix = this.svg.getScreenCTM().inverse();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [at.x, at.y];
  }

  zoom(factor, around) {
    const [x, y] = around || [this.view.x + this.view.width / 2, this.view.y + this.view.height / 2];
    this.#setView({
      x: x - (x - this.view.x) * factor,
      y: y - (y - this.view.y) * factor,
      width: this.view.width * factor,
    });
  }

  #listen() {
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, this.#point(event));
    }, { passive: false });
    const pointers = new Map();
    let last = null;
    this.svg.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event);
      this.moved = false;
      last = this.#point(event);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) return;
      if (pointers.size === 2) {
        const [one, two] = [...pointers.values()];
        const before = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
        pointers.set(event.pointerId, event);
        const [left, right] = [...pointers.values()];
        const after = Math.hypot(left.clientX - right.clientX, left.clientY - right.clientY);
        if (after > 0) this.zoom(before / after);
        this.moved = true;
        return;
      }
      const start = pointers.get(event.pointerId);
      if (!this.moved && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 5) return;
      this.moved = true;
      const at = this.#point(event);
      this.#setView({ ...this.view, x: this.view.x - (at[0] - last[0]), y: this.view.y - (at[1] - last[1]) });
    });
    const up = (event) => {
      if (pointers.delete(event.pointerId) && !this.moved && this.chosen && event.type === "pointerup") {
        this.chosen(...this.toDegrees(...this.#point(event)));
      }
    };
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) this.svg.addEventListener(name, up);
    for (const button of this.host.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        if (button.dataset.zoom === "all") this.#setView({ ...this.whole });
        else this.zoom(button.dataset.zoom === "in" ? 1 / 1.5 : 1.5);
      });
    }
  }
}

/** What a dot's tip says of a case. */
export const caseTitle = (item) =>
  [t(item.class_name, item.class_name_en || item.class_name), t(item.status, item.status_en || item.status), item.number].filter(Boolean).join(" · ");
