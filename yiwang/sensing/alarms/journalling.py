"""Journal entries about alarms: one place that decides what they tell, so that followers need no look-up."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.journal import Entry
from yiwang.sensing.alarms.model import SEVERITY_NAMES, Alarm
from yiwang.sensing.rules.model import Severity

KIND = "alarm"
VERBS: Final[dict[str, tuple[str, str]]] = {
    "alarm.raised": ("报警", "raised"),
    "alarm.escalated": ("升级", "escalated"),
    "alarm.acknowledged": ("确认", "acknowledged"),
    "alarm.cleared": ("恢复正常", "cleared"),
    "alarm.closed": ("关闭", "closed"),
    "alarm.shelved": ("搁置", "shelved"),
    "alarm.unshelved": ("结束搁置", "taken off the shelf"),
    "alarm.folded": ("并入同因报警", "folded into one of the same cause"),
    "alarm.noted": ("备注", "noted"),
    "alarm.case_opened": ("生成案件", "opened a case"),
}
RULE_VERBS: Final[dict[str, tuple[str, str]]] = {
    "alarm_rule.drafted": ("起草报警规则", "alarm rule drafted"),
    "alarm_rule.published": ("发布报警规则", "alarm rule published"),
    "alarm_rule.retired": ("停用报警规则", "alarm rule retired"),
    "alarm_rule.reverted": ("恢复应用包的报警规则", "alarm rule reverted to the pack's"),
}


def entry_about(actor: Actor, at: datetime, verb: str, alarm: Alarm, more: JsonObject | None = None) -> Entry:
    """The entry for what happened to an alarm; ``more`` adds to what every such entry tells."""
    data: JsonObject = {
        "type": alarm.rule,
        "head": alarm.names.get("zh"),
        "status": alarm.state,
        "severity": SEVERITY_NAMES[Severity(alarm.severity)][1],
        "device": alarm.device_id,
        "organisation": alarm.organisation_id,
        "lon": alarm.lon,
        "lat": alarm.lat,
        "value": alarm.value,
        **({"number": alarm.case_number} if alarm.case_number else {}),
        **(more or {}),
    }
    return journal.entry(actor, at, verb, KIND, alarm.id, area=alarm.area, data=data)
