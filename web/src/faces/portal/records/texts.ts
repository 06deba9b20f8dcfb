import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["谁看过我的信息", "Who has read my record"],
  "lead": ["工作人员平时看到的姓名和电话是遮住的。要看全,必须写明用途,每一次都记在这里。", "Staff see your name and number masked. To see them whole they must say what for, and each time stands here."],
  "number": ["案件编号", "Case number"],
  "code": ["查询码", "Code"],
  "look": ["查看", "Show"],
  "looking": ["正在查…", "Looking …"],
  "none": ["没有人看过 {number} 的姓名和电话。", "Nobody has read name and number of {number}."],
  "none.more": ["办理案件不需要看全的姓名和电话。", "A case can be handled without them."],
  "reads": ["{number} 的姓名和电话被查看过 {n} 次", "Name and number of {number} were read {n} times"],
  "purpose": ["用途:{purpose}", "For: {purpose}"],
  "register": ["查看的是{name}库", "in the register of: {name}"],
  "no.office": ["系统", "The system"],
  "rights": ["对某一次查看有疑问,可以在“查进度”里补充说明,由受理部门核查。", "If you doubt one of them, say so under “Follow”; the office in charge looks into it."],
});
