import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["一户一档", "Files"],
  "about": ["每一户的检查、投诉等案件汇集成档,评分和等级由案件得出,无人手填。", "The cases about each one, gathered in its file; marks and levels follow from the cases and are typed by nobody."],
  "none": ["没有您管理的档案", "No files are kept by you"],
  "none.next": ["应用包声明了档案、且您的岗位登记或导出该类对象时,在这里查看。", "They show here where a pack declares files and your post records or exports such things."],
  "search": ["名称或编号", "Name or number"],
  "find": ["查找", "Find"],
  "any": ["全部", "All"],
  "clear": ["清除条件", "Clear"],
  "empty": ["没有符合条件的档案", "No file fits"],
  "empty.next": ["换一个条件再找。", "Look for something else."],
  "open": ["看档案", "Open the file"],
  "key": ["档案编号", "Number of the file"],
  "record": ["查看登记信息", "The record itself"],
  "facts": ["登记信息", "What is recorded"],
  "months": ["汇集近 {n} 个月", "of the last {n} months"],
  "cases.none": ["还没有这类案件,或不在您的查看范围内。", "No such case yet, or none that you may see."],
  "case": ["案件", "Case"],
  "status": ["状态", "Status"],
  "reported": ["受理", "Reported"],
  "closed": ["办结", "Closed"],
});
