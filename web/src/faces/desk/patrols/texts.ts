import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["巡查覆盖", "Patrols"],
  "day": ["日期", "Day"],
  "worker": ["网格员", "Grid worker"],
  "area": ["网格", "Grid"],
  "walked": ["走到", "Walked"],
  "way": ["路程", "Way"],
  "time": ["时间", "Time"],
  "now": ["正在巡查", "on patrol"],
  "none": ["这一天还没有巡查记录。", "No patrols on this day."],
  "what": ["巡查期间由网格员手机上传;离路线 50 米以内算走到。只显示网格走到多少,不显示谁几时在哪里;{days} 天后删除。", "Sent by the workers' phones while on patrol; within 50 m of the way counts as walked. It shows how much of a grid was walked, not who was where when; removed after {days} days."],
});
