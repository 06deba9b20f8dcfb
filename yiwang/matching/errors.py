"""What matching refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class MatchUnknown(Problem):
    code = "match.unknown"
    status = 404
    zh = "没有匹配规则“{rule}”;请从匹配规则列表中选择。"
    en = "There is no matching rule “{rule}”; choose one from the list of rules."


class ProposalUnknown(Problem):
    code = "match.proposal_unknown"
    status = 404
    zh = "没有这条匹配建议,或您无权查看。"
    en = "There is no such proposal, or you may not see it."


class ProposalAnswered(Problem):
    code = "match.proposal_answered"
    status = 409
    zh = "这条匹配建议已是“{state}”,不能再答复。"
    en = "This proposal is “{state}” already and can no longer be answered."


class NotWaiting(Problem):
    code = "match.not_waiting"
    status = 409
    zh = "本案现在不在等待匹配;请刷新后查看当前步骤。"
    en = "This case does not wait for an offer now; look at its current step."


class OfferUnfit(Problem):
    code = "match.offer_unfit"
    status = 422
    zh = "所选对象不符合匹配规则的硬性条件、已满额或已询问过;请从候选名单中选择。"
    en = "The offer does not meet the rule's conditions, is full, or was asked before; choose one of the candidates."
