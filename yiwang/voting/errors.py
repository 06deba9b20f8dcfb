"""What votes refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class VoteUnknown(Problem):
    code = "vote.unknown"
    status = 404
    zh = "没有这次表决,或您无权查看;请从表决列表中选择。"
    en = "There is no such vote, or you may not see it; choose one from the list of votes."


class VoteNotNow(Problem):
    code = "vote.not_now"
    status = 409
    zh = "本案现在不能发起表决:{reason_zh}。"
    en = "No vote can be called in this case now: {reason_en}."


class VoteNobody(Problem):
    code = "vote.nobody"
    status = 422
    zh = "“{scope}”范围内没有可以参加表决的房屋;请先登记房屋及其隶属关系。"
    en = "There is no house within “{scope}” that could vote; record the houses and what they belong to first."


class VoteRollIncomplete(Problem):
    code = "vote.roll_incomplete"
    status = 422
    zh = "有 {count} 套房屋没有登记面积,无法计票:{houses}。请补登后再发起。"
    en = "{count} houses have no recorded area, so their votes cannot be weighed: {houses}. Record it first."


class VoteTime(Problem):
    code = "vote.time"
    status = 422
    zh = "表决时间不合规定:{reason_zh}。"
    en = "The time of the vote is not allowed: {reason_en}."


class VoteMatterUnknown(Problem):
    code = "vote.matter_unknown"
    status = 422
    zh = "没有表决事项“{matter}”;可用的有:{known}。"
    en = "There is no matter “{matter}” to vote on; known are: {known}."


class VoteOptionsWrong(Problem):
    code = "vote.question_options"
    status = 422
    zh = "第 {nth} 题的选项不合规定:{reason_zh}。"
    en = "The options of question {nth} are not right: {reason_en}."


class VoteCodeWrong(Problem):
    code = "vote.code_wrong"
    status = 403
    zh = "表决码或证件号后四位不对;请按通知书填写,仍不对请联系社区补发。"
    en = "The code or the last four signs are wrong; write them as in your letter, or ask the community for a new one."


class VoteTooManyTries(Problem):
    code = "vote.too_many_tries"
    status = 429
    zh = "连续填错次数过多,请一小时后再试,或联系社区补发表决码。"
    en = "Too many wrong tries; try again in an hour, or ask the community for a new code."


class VoteNotOpen(Problem):
    code = "vote.not_open"
    status = 409
    zh = "表决时间为 {opens_at} 至 {closes_at},现在不能投票。"
    en = "The vote is open from {opens_at} to {closes_at}; no ballot can be cast now."


class VoteAlreadyCast(Problem):
    code = "vote.already_cast"
    status = 409
    zh = "“{title}”已经投过票,一户只计一票。"
    en = "A ballot was cast for “{title}” already; each counts once."


class VoteReceiptUnknown(Problem):
    code = "vote.receipt_unknown"
    status = 404
    zh = "没有这个回执码;请核对后重新填写。"
    en = "There is no such receipt; check it and write it again."


class VoteVoiceUnknown(Problem):
    code = "vote.voice_unknown"
    status = 404
    zh = "名册中没有这一户;请从本次表决的名册中选择。"
    en = "There is no such entry on the roll; choose one from the roll of this vote."


class VoteProxyRefused(Problem):
    code = "vote.proxy_refused"
    status = 422
    zh = "不能登记委托:{reason_zh}。"
    en = "The proxy cannot be entered: {reason_en}."


class VotePaperRefused(Problem):
    code = "vote.paper_refused"
    status = 409
    zh = "纸质票不能录入:{reason_zh}。"
    en = "The ballot on paper cannot be entered: {reason_en}."


class VotePaperDiffers(Problem):
    code = "vote.paper_differs"
    status = 409
    zh = "“{title}”两次录入不一致,前次录入已作废;请核对原票后由两人重新录入。"
    en = "The two readings for “{title}” differ; both are dropped. Look at the paper again and enter it anew, by two."


class VoteGivesOutcome(Problem):
    code = "vote.gives_outcome"
    status = 409
    zh = "这一结果由表决给出,不能手工填写:请在本案中发起表决,期满后自动计票。"
    en = "The vote gives this outcome, nobody by hand: call the vote in this case; it is counted when its time is over."


class VoteEnded(Problem):
    code = "vote.ended"
    status = 409
    zh = "本次表决已经结束。"
    en = "This vote has ended."
