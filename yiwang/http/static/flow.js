// A flow's picture is wider than most screens: begin where the case stands, or where the flow begins.

const shown = new WeakSet();

function show() {
  for (const frame of document.querySelectorAll("[data-flow]")) {
    if (shown.has(frame)) continue;
    shown.add(frame);
    const place = frame.querySelector(".fd-waiting");
    if (!place) continue;
    const outer = frame.getBoundingClientRect(), inner = place.getBoundingClientRect();
    frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }
}

document.addEventListener("parts", show);
show();
