import { dictionary } from "../../shared/i18n/texts";

export const texts = dictionary({
  "nav.report": ["上报", "Report"],
  "nav.follow": ["查进度", "Follow"],
  "nav.standards": ["办理标准", "Standards"],
  "nav.notices": ["公告", "Notices"],
  "nav.main": ["主导航", "Main"],
  "footer.plain": ["不用脚本的简易网页", "Plain pages without scripts"],
  "footer.records": ["谁看过我的信息", "Who has read my record"],
  "footer.verify": ["文书核验", "Check a document"],
  "footer.vote": ["业主表决", "Owners' votes"],
  "footer.publicity": ["公示公开", "Publicity"],
  "footer.data": ["开放数据", "Open data"],
  "footer.staff": ["工作人员登录", "Staff sign-in"],
  "footer.mine": ["我的工作", "My work"],
  "missing.title": ["没有这个页面", "There is no such page"],
  "missing.why": ["地址可能写错了,或者页面已经换了地方。", "The address may be mistyped, or the page has moved."],
  "missing.home": ["回到首页", "Home"],
});
