import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "table": ["看表格", "As a table"],
  "chart": ["看图", "As a chart"],
  "zoom": ["拖动选择时段", "Drag to choose a period"],
});
