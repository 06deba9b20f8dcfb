// One's own account: changing the password.

import { speakToApi } from "./form.js";

const form = document.querySelector("form[data-api]");
speakToApi(form, () => {
  form.reset();
  document.querySelector("[data-done]").hidden = false;
  document.querySelector("#main > .form-error")?.remove();
});
