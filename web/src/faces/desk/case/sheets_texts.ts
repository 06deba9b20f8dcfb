import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "note": ["意见", "Note"],
  "note.needed": ["“{verb}”要写明意见。", "“{verb}” needs a note."],
  "item": ["项目", "Item"],
  "points": ["得分", "Points"],
  "found": ["情况", "Found"],
  "skipped": ["不适用", "not applicable"],
  "vetoed": ["否决", "vetoed"],
  "photo": ["佐证照片 {n}", "Evidence {n}"],
});
