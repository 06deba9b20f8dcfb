import { dictionary } from "../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["一网巡查", "Yiwang field"],
  "nav": ["巡查导航", "Field navigation"],
  "today": ["今日", "Today"],
  "report": ["上报", "Report"],
  "patrol": ["巡查", "Patrol"],
  "queue": ["待发", "To send"],
  "online": ["已连接", "Connected"],
  "offline": ["没有网络 · 照常干活,连上自动发送", "No network · work on, it is sent by itself"],
  "sign.in": ["登录已过期。写的都在,登录后自动接着发送。", "The sign-in has ended. All you wrote is kept and goes on after you sign in."],
  "sign.in.do": ["登录", "Sign in"],
  "phone.clock": ["手机时间{word} {length},记录以服务器时间为准。", "The phone's clock is {length} {word}; records carry the server's time."],
  "fast": ["快了", "fast"],
  "slow": ["慢了", "slow"],
  "account": ["账号", "Account"],
  "out.anyway": ["还有 {n} 件没有发出。退出后留在这台手机上,您再登录才会发送。确定退出吗?", "{n} not sent yet. They stay on this phone and go when you sign in again. Sign out?"],
  "out": ["退出", "Sign out"],
  "loading": ["正在打开…", "Opening …"],
  "install": ["装到桌面", "Install"],
});
