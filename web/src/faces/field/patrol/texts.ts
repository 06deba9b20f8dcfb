import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["巡查记录", "Patrol"],
  "private": ["轨迹只记在这台手机上,只在您按下“开始巡查”到“结束”之间记录,不上传。", "The track stays on this phone. It is recorded only between “Begin” and “End”, and is not sent anywhere."],
  "saving": ["省电:走动才记,电量低时降低精度;屏幕关掉时浏览器会暂停记录。", "Saves the battery: notes only when you move, less exactly when the battery is low. The browser pauses while the screen is off."],
  "begin": ["开始巡查", "Begin the patrol"],
  "end": ["结束巡查", "End the patrol"],
  "length": ["路程", "Way"],
  "time": ["用时", "Time"],
  "points": ["记录点", "Points"],
  "low": ["电量低,已降低定位精度。", "The battery is low; the position is less exact."],
  "waiting": ["等待第一个位置…", "Waiting for the first position …"],
  "track": ["轨迹示意,从空心点走到实心点", "Sketch of the way, from the hollow to the solid dot"],
  "earlier": ["以前的巡查", "Earlier patrols"],
  "none": ["还没有巡查记录。", "No patrols yet."],
  "delete": ["删除 {time} 的记录", "Delete the patrol of {time}"],
  "delete.do": ["删除", "Delete"],
  "delete.sure": ["删除这条巡查记录?", "Delete this patrol?"],
  "report": ["发现问题,上报", "Something is wrong: report"],
});
