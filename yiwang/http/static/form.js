// Forms that speak to the API: photos are uploaded first, refusals stand at the field they concern.

import { call, element, english, Refusal, t } from "./app.js";

/** Upload files one after the other; answers [{id, claim}] for the report or step that uses them. */
export async function uploadAll(files, kind) {
  const done = [];
  for (const file of files) {
    const data = new FormData();
    data.append("file", file);
    data.append("kind", kind);
    const answer = await call("POST", "/api/v1/attachments", data);
    done.push({ id: answer.id, claim: answer.claim });
  }
  return done;
}

/** Put each of the problem's field errors under the control whose name is the last part of its pointer. */
export function showFieldErrors(form, problem) {
  for (const old of form.querySelectorAll(".error")) old.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const fault of problem.errors || []) {
    const name = fault.where.split(/[/:]/).filter(Boolean).pop();
    const control = form.elements[name];
    if (!control || control instanceof RadioNodeList) continue;
    const id = `${control.id || name}-error`;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", id);
    control.after(element("div", { className: "error", id, textContent: english ? fault.en : fault.zh }));
  }
}

/** Values of a form as the API wants them: numbers as numbers, nothing for empty fields, file inputs left out. */
export function values(form) {
  const found = {};
  for (const control of form.elements) {
    if (!control.name || control.type === "file" || control.disabled || control.type === "submit") continue;
    if (control.type === "radio" && !control.checked) continue;
    const value = control.type === "checkbox" ? control.checked : control.value.trim();
    if (value === "") continue;
    found[control.name] = control.dataset.kind === "number" ? Number(value) : value;
  }
  return found;
}

/** Make `form[data-api]` post JSON to that address; `then(answer)` runs when it was accepted. */
export function speakToApi(form, then) {
  const failed = element("div", { className: "form-error", role: "alert", hidden: true });
  form.prepend(failed);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
    const button = event.submitter || form.querySelector("button");
    button.disabled = true;
    failed.hidden = true;
    try {
      const body = values(form);
      const files = form.querySelector("input[type=file]");
      if (files?.files.length) body.photos = await uploadAll([...files.files], files.dataset.kind || "other");
      await then(await call(form.dataset.method || "POST", form.dataset.api, body), body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      showFieldErrors(form, error.problem);
      failed.textContent = error.message;
      failed.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}

/** Fetch this page again and exchange the parts marked data-part, keeping everything else as the reader has it. */
export async function refreshParts() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...document.importNode(other, true).childNodes);
  }
  document.dispatchEvent(new CustomEvent("parts"));
}

export const saved = () => t("已保存", "Saved");
