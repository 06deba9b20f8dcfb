import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "offline": ["实时连接已断开,正在重连…数据可能不是最新。", "The live connection is lost; reconnecting … what you see may be old."],
  "demo": ["演示城市:人物和案件都是模拟的,请勿填写真实个人信息。", "A demo city: people and cases are simulated. Do not enter real personal data."],
  "skip": ["跳到正文", "Skip to content"],
  "language": ["English", "中文"],
  "theme.dark": ["深色", "Dark"],
  "theme.light": ["浅色", "Light"],
  "clock.red": ["超时", "Late"],
  "clock.yellow": ["即将到期", "Due soon"],
  "clock.green": ["正常", "In time"],
  "clock.blue": ["暂停计时", "Suspended"],
  "clock.grey": ["无时限", "No limit"],
  "city.time": ["城市时间", "City time"],
  "simulated": ["模拟", "simulated"],
  "again": ["重试", "Try again"],
  "went.wrong": ["没有成功", "This did not work"],
  "screen.broken": ["这个画面出错了。其他画面不受影响;刷新后重试,仍不行请把下面的文字告诉管理员。", "This screen has failed; the others have not. Reload; if it fails again, give the words below to an administrator."],
  "reload": ["刷新", "Reload"],
  "home": ["回到首页", "Home"],
  "loading": ["正在载入…", "Loading …"],
  "sign.in": ["登录", "Sign in"],
});
