import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["我的任务", "My tasks"],
  "posts": ["岗位:{posts}", "Posts: {posts}"],
  "all": ["全部环节", "All steps"],
  "empty": ["没有等您办理的任务。", "Nothing waits for you."],
  "empty.next": ["新任务到达时会自动出现在这里。可以到“案件”查看辖区内的案件。", "New tasks appear here by themselves. See the cases of your area under Cases."],
  "empty.filter": ["这个环节没有任务,请选“全部环节”。", "No task at this step; choose all steps."],
  "new": ["有新变化,点此刷新", "Something has changed; show it"],
  "claim": ["签收", "Claim"],
  "urge": ["催办", "Urge"],
  "counts.red": ["{n} 超时", "{n} late"],
  "counts.yellow": ["{n} 即将到期", "{n} due soon"],
  "key.move": ["下一条、上一条", "next, previous"],
  "key.open": ["打开", "open"],
  "key.claim": ["签收(放到自己名下)", "claim: take it into my hands"],
  "key.select": ["选择,用于批量办理", "select for doing many at once"],
  "key.refresh": ["刷新", "refresh"],
  "key.help": ["本说明", "this help"],
  "step.waiting": ["到本环节 {ago}", "here since {ago}"],
});
