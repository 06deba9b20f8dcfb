import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["名单核准", "Second approval"],
  "about": ["名单里的登记经另一人核准才生效,登记的人不能核准自己的登记。", "An entry holds only when another person has approved it; nobody approves what they recorded."],
  "purpose.second": ["第二人核准", "Approval as the second person"],
  "none": ["没有您核准的名单", "No list is approved by you"],
  "none.next": ["应用包声明了需要二人核准的名单、且您的岗位有核准权时,在这里办理。", "Lists with second approval show here where your post may approve."],
  "nothing": ["没有待核准的登记", "Nothing waits for approval"],
  "waiting": ["待核准 {n} 条", "{n} waiting"],
  "whole": ["看全部名单", "The whole list"],
});
