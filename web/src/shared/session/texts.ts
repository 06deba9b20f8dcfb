import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "title": ["工作人员登录", "Staff sign-in"],
  "again": ["登录已过期", "Your sign-in has ended"],
  "again.why": ["重新登录后会接着做刚才的事,已填写的内容都在。", "Sign in again and what you were doing goes on; nothing you typed is lost."],
  "login": ["登录名", "Login"],
  "password": ["密码", "Password"],
  "do": ["登录", "Sign in"],
  "cancel": ["取消", "Cancel"],
  "demo": ["演示城市:选一个人,一点即登录", "Demo city: choose a person, one click signs in"],
  "more": ["其他 {n} 个演示账号", "{n} more demo accounts"],
  "administrator": ["管理员", "Administrator"],
  "residents": ["居民上报和查进度不需要登录。", "Residents need no account to report and follow."],
  "find": ["按姓名、单位或岗位查找", "Find by name, office or post"],
});
