import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "optional": ["可不填", "optional"],
  "choose": ["请选择", "Choose"],
  "yes": ["是", "Yes"],
  "no": ["否", "No"],
  "pattern": ["格式不对,应符合 {pattern}", "Not in the form {pattern}"],
});
