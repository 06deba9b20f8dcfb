import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["我的账号", "My account"],
  "who": ["{name}({login})", "{name} ({login})"],
  "must": ["这是一次性密码。请先换成自己的密码,之后才能使用。", "This is a one-time password. Change it for one of your own before you go on."],
  "old": ["现在的密码", "Present password"],
  "new": ["新密码", "New password"],
  "again": ["再输一遍新密码", "New password again"],
  "differs": ["两次输入的新密码不一样。", "The two new passwords differ."],
  "change": ["更换密码", "Change the password"],
  "changed": ["密码已更换。", "The password has been changed."],
  "out": ["退出登录", "Sign out"],
  "work": ["去我的工作", "To my work"],
  "first": ["请先登录。", "Sign in first."],
  "in": ["登录", "Sign in"],
});
