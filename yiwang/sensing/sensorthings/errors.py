"""Refusals of the SensorThings service, with the statuses of OGC 18-088: the house's problem+json plus ``message``, which
public SensorThings clients show to their users.
"""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Problem


class SensorThingsProblem(Problem):
    """Base: like every problem, with the member that SensorThings clients look for."""

    code: ClassVar[str] = "sensorthings.failed"
    status: ClassVar[int] = 500
    zh: ClassVar[str] = "SensorThings 请求未能完成,请稍后再试。"
    en: ClassVar[str] = "The SensorThings request could not be completed; try again later."

    def body(self, language: str = "zh") -> dict[str, object]:
        return {**super().body(language), "message": self.message(language)}


class QueryInvalid(SensorThingsProblem):
    code = "sensorthings.query_invalid"
    status = 400
    zh = "查询 {where} 无法理解:{reason_zh}。"
    en = "The query {where} cannot be understood: {reason}."

    def __init__(self, where: str, reason: str, reason_zh: str) -> None:
        super().__init__(where=where[:80], reason=reason[:300], reason_zh=reason_zh[:300])


class QueryTooDear(SensorThingsProblem):
    code = "sensorthings.query_too_dear"
    status = 400
    zh = "查询超过 {seconds} 秒,已停止:请限定数据流(Datastreams(id)/Observations)或时间(phenomenonTime)后再试。"
    en = "The query took more than {seconds} s and was stopped: narrow it to a Datastream or a span of phenomenonTime."


class EntityMissing(SensorThingsProblem):
    code = "sensorthings.entity_missing"
    status = 404
    zh = "没有 {what},或您无权查看;实体集列表见服务根地址。"
    en = "There is no {what}, or you may not see it; the service root lists the entity sets."


class NotOffered(SensorThingsProblem):
    code = "sensorthings.not_offered"
    status = 501
    zh = "本服务不提供 {what}:设备及其指标在设备登记中维护(/api/v1/devices),这里可新增的只有 Observations。"
    en = (
        "This service does not offer {what}: devices and what they measure are kept in the register of devices "
        "(/api/v1/devices); only Observations can be created here."
    )


class ObservationInvalid(SensorThingsProblem):
    code = "sensorthings.observation_invalid"
    status = 400
    zh = "观测值不能接收:{reason_zh}。"
    en = "The observation cannot be taken: {reason}."

    def __init__(self, reason: str, reason_zh: str) -> None:
        super().__init__(reason=reason[:300], reason_zh=reason_zh[:300])
