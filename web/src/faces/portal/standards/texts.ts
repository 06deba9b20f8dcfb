import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["办理标准和时限", "Handling standards and time limits"],
  "lead": ["查一查:什么情况可以立案、办到什么样算办好、要多久。", "Look up when a matter is taken on, when it counts as done, and how long it may take."],
  "find": ["找一类事,如:路灯、井盖、垃圾", "Find a matter: lamp, manhole, rubbish"],
  "type": ["业务", "Business"],
  "none": ["没有找到“{words}”", "Nothing found for “{words}”"],
  "none.more": ["换一个词试试,或清空后从大类里找。", "Try another word, or clear it and look through the groups."],
  "count": ["{n} 类", "{n} kinds"],
  "filing": ["什么情况立案", "Taken on when"],
  "closing": ["办到什么样结案", "Done when"],
  "limit": ["时限", "Limit"],
  "urgent": ["紧急", "urgent"],
  "no.standard": ["这一类没有公布单独的标准。", "No standard of its own is published for this kind."],
});
