import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["公告", "Notices"],
  "find": ["查找公告", "Find a notice"],
  "search": ["查找", "Find"],
  "kind": ["种类", "Kind"],
  "kind.all": ["全部种类", "All kinds"],
  "kind.notice": ["公告", "Notice"],
  "kind.service": ["便民服务", "Service"],
  "kind.warning": ["预警提示", "Warning"],
  "kind.result": ["办理结果", "Result"],
  "none": ["现在没有公告。", "There is no notice now."],
  "none.found": ["没有找到这样的公告。", "No such notice."],
  "all": ["全部公告", "All notices"],
  "older": ["更早的公告", "Older notices"],
  "feed": ["用阅读器订阅(Atom)", "Subscribe with a feed reader (Atom)"],
  "gone": ["这份公告已不再显示", "This notice is no more shown"],
  "gone.why": ["它可能已经到期或被撤下,也可能地址写错了。", "It may have ended or been withdrawn, or the address is mistyped."],
  "changed": ["{at} 修改过", "changed {at}"],
  "until": ["有效至 {at}", "until {at}"],
  "only.chinese": ["本公告没有英文。", "This notice is in Chinese only."],
});
