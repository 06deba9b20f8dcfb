"""What vehicles and fences refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class FenceCodeTaken(Problem):
    code = "fence.code_taken"
    status = 409
    zh = "围栏编号 {fence} 已被使用,请另取一个。"
    en = "The fence code {fence} is taken; choose another."


class FenceImpossible(Problem):
    code = "fence.impossible"
    status = 422
    zh = "围栏画得不对:{reason_zh}。"
    en = "The fence cannot be: {reason_en}."


class FenceChanged(Problem):
    code = "fence.changed"
    status = 409
    zh = "围栏 {fence} 已被他人修改为第 {revision} 版,请刷新后再改。"
    en = "The fence {fence} was changed by somebody else (revision {revision}); refresh and edit again."


class VehiclesOutOfReach(Problem):
    code = "fence.vehicles_out_of_reach"
    status = 422
    zh = "这些车辆不存在、不是卫星定位终端,或不在您的权限内:{vehicles}。"
    en = "These vehicles do not exist, have no JT/T 808 terminal, or are not within your reach: {vehicles}."


class SpanTooLong(Problem):
    code = "vehicle.span_too_long"
    status = 422
    zh = "起止时间不合要求:止须晚于起,且至多 {days} 天。"
    en = "The span cannot be used: it must end after it begins and have at most {days} days."
