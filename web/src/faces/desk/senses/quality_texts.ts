import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "mark.stopped": ["停运", "device stopped"],
  "mark.maintenance": ["维护", "under maintenance"],
  "mark.manual": ["手工输入", "entered by hand"],
  "mark.fault": ["设备故障", "device fault"],
  "mark.calibrating": ["校准", "calibrating"],
  "mark.over": ["超量程", "over range"],
  "mark.communication": ["通讯异常", "communication fault"],
  "mark.bounds": ["超出可能范围", "beyond what is possible"],
  "mark.stuck": ["久不变化", "stuck"],
  "mark.spike": ["突跳", "spike"],
  "mark.gap": ["中断后恢复", "first after a gap"],
  "mark.late": ["迟到", "came late"],
  "mark.unknown": ["标记不明", "unknown mark"],
});
