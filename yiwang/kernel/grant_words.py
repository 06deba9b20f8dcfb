"""Grants (权限) in words: a refusal says "日志:查看" rather than ``journal:read``.

A grant without words here shows as it is written.
"""

from __future__ import annotations

from typing import Literal

_KINDS: dict[str, tuple[str, str]] = {
    "account": ("账号", "accounts"),
    "alarm": ("报警", "alarms"),
    "anomaly": ("异常排查", "anomalies"),
    "area": ("区域", "areas"),
    "calendar": ("工作日历", "working calendar"),
    "case": ("案件", "cases"),
    "clock": ("城市时钟", "the city's clock"),
    "definition": ("流程定义", "drawn flows"),
    "device": ("设备", "devices"),
    "document": ("文书", "documents"),
    "flow": ("流程", "flows"),
    "instance": ("流程实例", "running flows"),
    "job": ("后台任务", "background jobs"),
    "journal": ("日志", "journal"),
    "match": ("供需匹配", "matching"),
    "message": ("消息", "messages"),
    "metrics": ("运行指标", "metrics"),
    "model": ("学习模型", "learned models"),
    "notice": ("公告", "notices"),
    "organisation": ("机构", "offices"),
    "pack": ("应用包", "packs"),
    "patrol": ("巡查", "patrols"),
    "plan": ("计划与任务", "plans and tasks"),
    "post": ("岗位", "posts"),
    "publication": ("公示", "publications"),
    "quality": ("数据质量", "quality of data"),
    "reading": ("监测数据", "readings"),
    "resource": ("资源目录", "resource catalogue"),
    "role": ("角色", "roles"),
    "score": ("评价", "scores"),
    "settings": ("系统设置", "settings"),
    "share": ("数据共享", "sharing of data"),
    "task": ("任务", "tasks"),
    "thing": ("数据资源", "records"),
    "token": ("令牌", "tokens"),
    "vote": ("表决", "votes"),
    "work": ("办理", "work"),
}
_VERBS: dict[str, tuple[str, str]] = {
    "*": ("全部操作", "everything"),
    "acknowledge": ("确认", "acknowledge"),
    "adopt": ("接纳", "adopt"),
    "answer": ("答复", "answer"),
    "appeal": ("申诉", "appeal"),
    "appoint": ("任命", "appoint"),
    "approve": ("批准", "approve"),
    "approve_extension": ("批准延期", "approve more time"),
    "assign": ("指派", "assign"),
    "audit": ("审核", "audit"),
    "close": ("关闭", "close"),
    "command": ("下发指令", "command"),
    "complete_any": ("代办", "complete for others"),
    "create": ("新建", "create"),
    "decide_appeal": ("裁定申诉", "decide appeals"),
    "disable": ("停用", "disable"),
    "dismiss": ("免职", "dismiss"),
    "do": ("办理", "do"),
    "draft": ("编制", "draft"),
    "edit": ("修改", "change"),
    "export": ("导出", "export"),
    "extend": ("延期", "give more time"),
    "fold": ("并案", "fold"),
    "force_close": ("强制结案", "close by force"),
    "found": ("新建城市", "found a city"),
    "grant": ("授权", "grant"),
    "import": ("导入", "import"),
    "issue": ("出具", "issue"),
    "lock": ("锁定", "lock"),
    "manage": ("管理", "manage"),
    "merge": ("合并", "merge"),
    "propose": ("指定", "propose"),
    "publish": ("发布", "publish"),
    "read": ("查看", "read"),
    "read_personal": ("查看个人信息", "read personal data"),
    "recompute": ("重新计算", "reckon anew"),
    "record": ("登记", "record"),
    "register": ("登记", "register"),
    "report": ("上报", "report"),
    "request": ("申请", "request"),
    "request_extension": ("申请延期", "ask for more time"),
    "reset": ("重置", "reset"),
    "restore": ("恢复", "restore"),
    "retire": ("报废", "retire"),
    "review_appeal": ("审查申诉", "review appeals"),
    "revoke": ("收回", "revoke"),
    "run": ("运行", "run"),
    "send": ("发送", "send"),
    "set": ("设置", "set"),
    "set_aside": ("排除", "set aside"),
    "shelve": ("搁置", "shelve"),
    "start": ("发起", "start"),
    "supervise": ("督办", "supervise"),
    "suspend": ("挂账", "suspend"),
    "test": ("试算", "test"),
    "unlock": ("解锁", "unlock"),
    "unmask": ("查看未脱敏内容", "see unmasked"),
    "update": ("修改", "change"),
    "urge": ("催办", "urge"),
    "verify": ("校验", "verify"),
    "void": ("作废", "void"),
    "withdraw": ("撤下", "withdraw"),
    "write": ("撰写", "write"),
}


Pair = tuple[str, str]
"""Chinese and English."""


WORDED_VERBS = frozenset(_VERBS)
"""Verbs that have words, those among them that are only granted as part of ``*``."""


def kind_words(kind: str) -> Pair:
    """A kind of thing in words; the kind as it is written where it has none."""
    return _KINDS.get(kind, (kind, kind))


def verb_words(verb: str) -> Pair:
    """A verb in words; the verb as it is written where it has none."""
    return _VERBS.get(verb, (verb, verb))


def grant_words(grant: str, language: Literal["zh", "en"]) -> str:
    """``journal:read`` → "日志:查看" or "journal: read"; ``thing-person:read`` is one type of ``thing``."""
    kind, _, verb = grant.partition(":")
    place = 0 if language == "zh" else 1
    family, _, one = kind.partition("-")
    named = _KINDS.get(kind) or _KINDS.get(family)
    if named is None or verb not in _VERBS:
        return grant
    of_type = f"({one})" if one and kind not in _KINDS else ""
    return f"{named[place]}{of_type}{':' if place == 0 else ': '}{_VERBS[verb][place]}"
