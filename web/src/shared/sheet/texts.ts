import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "points": ["得分", "Points"],
  "of": ["满分 {n}", "of {n}"],
  "full": ["满分", "Full"],
  "veto": ["否决项", "vetoes"],
  "skip": ["不适用", "Not applicable"],
  "note": ["情况说明", "What was found"],
  "photo.always": ["要附照片", "needs a photo"],
  "photo.lost": ["扣分要附照片", "a photo where points are lost"],
  "photo.add": ["佐证照片", "Photo as evidence"],
  "fault.points": ["请打 0 到 {n} 分", "Give 0 to {n} points"],
  "fault.photo": ["请附佐证照片", "Add a photo as evidence"],
  "total": ["合计", "Total"],
  "total.sum": ["{total} 分(满分 {full})", "{total} points of {full}"],
  "total.percent": ["{total} 分(百分制)", "{total} of 100"],
  "left": ["还有 {n} 项未填", "{n} items left"],
  "vetoed": ["否决项“{names}”没有得分,总分为 0", "“{names}” got no points: the total is 0"],
});
