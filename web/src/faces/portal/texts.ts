import { dictionary } from "../../shared/i18n/texts";

export const texts = dictionary({
  "nav.report": ["上报", "Report"],
  "nav.follow": ["查进度", "Follow"],
  "nav.standards": ["办理标准", "Standards"],
  "nav.main": ["主导航", "Main"],
  "footer.plain": ["不用脚本的简易网页", "Plain pages without scripts"],
  "footer.staff": ["工作人员登录", "Staff sign-in"],
  "footer.mine": ["我的工作", "My work"],
  "missing.title": ["没有这个页面", "There is no such page"],
  "missing.why": ["地址可能写错了,或者页面已经换了地方。", "The address may be mistyped, or the page has moved."],
  "missing.home": ["回到首页", "Home"],
});
