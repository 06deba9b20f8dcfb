import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["日志", "Journal"],
  "about": ["每一次变动都记在这里,封存成链,不能改。", "Every change stands here, sealed into a chain that cannot be rewritten."],
  "verb": ["动作(以…开头)", "Verb (begins with)"],
  "kind": ["对象种类", "Kind of thing"],
  "subject": ["对象编号", "Id of the thing"],
  "who": ["操作人编号", "Id of who did it"],
  "since": ["从", "From"],
  "until": ["到", "To"],
  "find": ["查找", "Find"],
  "empty": ["没有符合条件的记录。", "No entry fits."],
  "column.at": ["时间", "Time"],
  "column.who": ["操作人", "Who"],
  "column.verb": ["动作", "Verb"],
  "column.subject": ["对象", "Thing"],
  "column.data": ["内容", "Data"],
  "verify": ["校验封存链", "Verify the chain"],
  "verifying": ["正在校验…", "Verifying …"],
  "verified": ["完整:{n} 个封存块全部吻合", "Intact: all {n} seals agree"],
  "broken": ["不吻合!请立即报告。{why}", "They do not agree! Report this at once. {why}"],
});
