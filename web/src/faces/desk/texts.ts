import { dictionary } from "../../shared/i18n/texts";

export const texts = dictionary({
  "desk": ["工作台", "Desk"],
  "nav.tasks": ["我的任务", "My tasks"],
  "nav.cases": ["案件", "Cases"],
  "nav.intake": ["登记", "Register"],
  "nav.dispatch": ["派遣", "Dispatch"],
  "nav.scores": ["评价", "Scores"],
  "nav.journal": ["日志", "Journal"],
  "nav.import": ["导入", "Import"],
  "nav.designer": ["流程", "Flows"],
  "nav.administration": ["管理", "Administration"],
  "nav.city": ["新建城市", "New city"],
  "nav.field": ["巡查", "Field"],
  "nav.centre": ["指挥", "Centre"],
  "nav.main": ["主要栏目", "Main"],
  "sign.out": ["退出", "Sign out"],
  "account": ["我的账号", "My account"],
});
