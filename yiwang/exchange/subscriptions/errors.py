"""What subscriptions refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class SubscriptionUnknown(Problem):
    code = "subscription.unknown"
    status = 404
    zh = "没有编号为“{id}”的订阅,或不是您单位的;请核对编号。"
    en = "There is no subscription “{id}”, or it is not your office's; check the number."


class SubscriptionInvalid(Problem):
    code = "subscription.invalid"
    status = 422
    zh = "订阅不能这样设置:{reason_zh}。"
    en = "A subscription cannot be so: {reason_en}."


class SubscriptionExists(Problem):
    code = "subscription.exists"
    status = 409
    zh = "该授权已有订阅“{name}”;一项授权一个订阅,需要更换请先取消原订阅。"
    en = "This grant has its subscription “{name}” already; a grant has one: end it first to make another."


class CursorInvalid(Problem):
    code = "subscription.cursor_invalid"
    status = 422
    zh = "位置“{cursor}”无效;请使用上一页返回的 cursor,或不填从已确认处继续。"
    en = "The cursor “{cursor}” does not hold; use the one of the page before, or leave it out to go on from where you confirmed."


class TooManySubscriptions(Problem):
    code = "subscription.too_many"
    status = 409
    zh = "一个账号最多 {most} 个订阅;请先删除不用的。"
    en = "An account has at most {most} subscriptions; delete those that are not used."
