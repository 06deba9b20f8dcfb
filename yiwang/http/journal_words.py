"""Words for what the journal records: verbs, kinds of things, and the members of an entry's data, in both languages.

Owns the vocabulary with which screens tell the journal; the journal itself keeps its stable codes. A verb without words of
its own is told by its noun and its participle, so that a new engine's entries read sensibly before anybody words them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from yiwang.casework.catalogue import CaseType
from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.notes import VERBS as CASE_VERBS
from yiwang.casework.service import CaseService
from yiwang.flow.legality import RULES
from yiwang.kernel.database import Json, JsonObject
from yiwang.sensing.alarms.model import SEVERITY_NAMES, STATE_NAMES

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A member of an entry in words: its name and its value in both languages; ``at`` where the value is a moment."""

    name: Pair
    value: Pair
    at: datetime | None = None


VERBS: Final[dict[str, Pair]] = {
    **CASE_VERBS,
    "resource.created": ("编制信息资源", "resource drafted"),
    "resource.edited": ("修改信息资源", "resource edited"),
    "resource.submitted": ("提交目录审核", "resource submitted"),
    "resource.registered": ("登记信息资源", "resource registered"),
    "resource.returned": ("退回信息资源", "resource returned"),
    "resource.refused": ("不予登记信息资源", "resource refused"),
    "resource.published": ("发布信息资源", "resource published"),
    "resource.withdrawn": ("撤销信息资源", "resource withdrawn"),
    "vote.codes_given": ("发放表决码", "codes for a vote given out"),
    "vote.proxy_entered": ("登记投票委托", "proxy entered"),
    "vote.cast": ("投票", "ballot cast"),
    "vote.paper_read": ("录入纸质票", "ballot on paper read"),
    "vote.paper_differs": ("纸质票两次录入不一致", "readings of a ballot on paper differ"),
    "share.asked": ("申请共享", "asked for sharing"),
    "share.granted": ("同意共享", "sharing granted"),
    "share.refused": ("不予共享", "sharing refused"),
    "share.cancelled": ("撤回共享申请", "request for sharing taken back"),
    "share.revoked": ("撤销共享授权", "grant revoked"),
    "share.key_made": ("生成接口密钥", "key of an interface made"),
    "share.view_made": ("建立数据库视图", "database view made"),
    "share.file_dropped": ("生成交换文件", "file put down"),
    "share.file_cleared": ("清理交换文件", "file cleared away"),
    "account.created": ("新建账号", "account created"),
    "account.updated": ("修改账号", "account changed"),
    "account.appointed": ("任命到岗位", "appointed to a post"),
    "account.dismissed": ("免去岗位", "dismissed from a post"),
    "account.signed_in": ("登录", "signed in"),
    "account.signed_out": ("退出登录", "signed out"),
    "account.sign_in_failed": ("登录失败(密码不对)", "sign-in failed: wrong password"),
    "account.sign_in_refused": ("登录被拒绝", "sign-in refused"),
    "account.locked": ("账号被锁定", "account locked"),
    "account.unlocked": ("账号解锁", "account unlocked"),
    "account.password_changed": ("更改密码", "password changed"),
    "account.password_reset": ("重置密码", "password reset"),
    "absence.declared": ("登记请假代理", "absence declared"),
    "absence.changed": ("更改请假代理", "absence changed"),
    "absence.ended": ("销假", "absence ended"),
    "setting.changed": ("更改设置", "setting changed"),
    "setting.undone": ("撤销设置", "change of a setting undone"),
    "role.granted": ("授予角色", "role granted"),
    "role.revoked": ("撤销角色", "role revoked"),
    "role.published": ("发布角色", "role published"),
    "role.withdrawn": ("停用角色", "role withdrawn"),
    "token.created": ("新建访问令牌", "token made"),
    "token.revoked": ("吊销访问令牌", "token revoked"),
    "definition.drafted": ("保存流程草稿", "draft of a flow saved"),
    "definition.published": ("发布流程", "flow published"),
    "definition.simulated": ("流程试算", "flow simulated"),
    "definition.migration_tried": ("试判流程迁移", "migration tried"),
    "definition.migration_asked": ("要求流程迁移", "migration asked for"),
    "definition.log_exported": ("导出流程日志", "log of a flow exported"),
    "decision.drafted": ("保存决策表草稿", "draft of a decision table saved"),
    "decision.published": ("发布决策表", "decision table published"),
    "flow.started": ("发起流程", "flow started"),
    "flow.step": ("办理", "step finished"),
    "flow.claimed": ("签收任务", "task claimed"),
    "flow.assigned": ("转派任务", "task handed on"),
    "flow.urged": ("催办", "urged"),
    "flow.extended": ("同意延期", "more time given"),
    "flow.extension_refused": ("不同意延期", "more time refused"),
    "flow.copied": ("抄送", "copied to"),
    "flow.worked": ("外部系统完成工作", "work done by another system"),
    "flow.released": ("退还任务", "task given back"),
    "flow.recalled": ("撤回", "taken back"),
    "flow.suspend": ("流程暂停", "flow suspended"),
    "flow.resume": ("流程恢复", "flow resumed"),
    "flow.cancel": ("流程终止", "flow cancelled"),
    "flow.jump": ("流程跳转", "flow moved to another step"),
    "flow.reopen": ("流程重开", "flow reopened"),
    "message.received": ("收到消息", "message received"),
    "message.expired": ("消息过期", "message expired"),
    "signal.sent": ("发出信号", "signal sent"),
    "clock.changed": ("调整城市时间", "city time changed"),
    "model.trained": ("训练模型", "model trained"),
    "model.published": ("模型投入使用", "model put in service"),
    "model.rolled_back": ("退回上一个模型", "model rolled back"),
    "hot_issue.sudden": ("突发热点预警", "sudden hot issue"),
    "hot_issue.acknowledged": ("热点预警已阅", "alarm of a hot issue acknowledged"),
    "hot_issue.merged": ("合并热点", "hot issues merged"),
    "trend.alarmed": ("件数异常预警", "count out of the ordinary"),
    "place.imported": ("导入地名", "place names imported"),
    "area.generated": ("划分网格", "grids made"),
    "city.founded": ("新建城市", "city made"),
    "city.opened": ("打开城市", "city opened"),
    "city.stopped": ("停止城市", "city stopped"),
    "publication.proposed": ("拟制公示", "issue proposed"),
    "publication.approved": ("批准公示", "issue approved"),
    "publication.refused": ("退回公示", "issue refused"),
    "publication.withdrawn": ("撤下公示", "issue withdrawn"),
    "publication.ended": ("公示期满", "time of an issue over"),
    "anomaly.found": ("发现异常", "anomaly found"),
    "anomaly.set_aside": ("排除异常", "anomaly set aside"),
    "notice.written": ("起草公告", "notice written"),
    "notice.changed": ("修改公告", "notice changed"),
    "notice.published": ("发布公告", "notice published"),
    "notice.withdrawn": ("撤下公告", "notice withdrawn"),
    "alarm.raised": ("报警", "alarm raised"),
    "alarm.acknowledged": ("报警已确认", "alarm acknowledged"),
    "alarm.shelved": ("报警搁置", "alarm shelved"),
    "alarm.cleared": ("报警解除", "alarm cleared"),
    "alarm.closed": ("报警关闭", "alarm closed"),
    "alarm.escalated": ("报警升级", "alarm escalated"),
    "alarm.folded": ("报警合并", "alarm folded"),
    "alarm.unshelved": ("报警结束搁置", "alarm taken off the shelf"),
    "alarm.noted": ("报警备注", "note about an alarm"),
    "alarm_rule.drafted": ("起草报警规则", "alarm rule drafted"),
    "alarm_rule.published": ("发布报警规则", "alarm rule published"),
    "alarm_rule.reverted": ("恢复应用包的报警规则", "alarm rule of the pack restored"),
    "alarm_rule.retired": ("停用报警规则", "alarm rule retired"),
    "alarm.case_opened": ("报警转为案件", "case opened from an alarm"),
    "device.commanded": ("向设备下发指令", "device commanded"),
    "device.command_confirmed": ("设备已执行指令", "device confirmed a command"),
    "device.command_refused": ("设备拒绝指令", "device refused a command"),
    "device.command_expired": ("指令过期未答复", "command expired"),
    "device.registered": ("登记设备", "device registered"),
    "device.adopted": ("收养敲门设备", "device adopted"),
    "device.edited": ("修改设备", "device changed"),
    "device.retired": ("停用设备", "device retired"),
    "device.noted": ("记设备维护", "note about a device"),
    "device.secret_set": ("更换设备密码", "device secret changed"),
    "device.keys_rotated": ("更换设备密钥", "keys of devices changed"),
    "device.went_online": ("设备上线", "device went online"),
    "device.went_offline": ("设备离线", "device went offline"),
    "device.knock_dismissed": ("搁置敲门者", "knock put aside"),
    "device.imported": ("导入设备", "devices imported"),
    "device.signals_published": ("发布设备型号", "kinds of device published"),
    "readings.follower_removed": ("移除读数后续环节", "follower of readings removed"),
    "vehicle.track_read": ("查看车辆轨迹", "track of a vehicle read"),
    "fence.drawn": ("划定电子围栏", "fence drawn"),
    "fence.changed": ("修改电子围栏", "fence changed"),
    "fence.retired": ("停用电子围栏", "fence taken out of force"),
}
"""What each verb of the journal means."""

KINDS: Final[dict[str, Pair]] = {
    "resource": ("信息资源", "resource"),
    "share": ("数据共享", "sharing"),
    "case": ("案件", "case"),
    "account": ("账号", "account"),
    "absence": ("请假", "absence"),
    "organisation": ("机构", "office"),
    "post": ("岗位", "post"),
    "post_kind": ("岗位类别", "kind of post"),
    "setting": ("设置", "setting"),
    "role": ("角色", "role"),
    "token": ("访问令牌", "token"),
    "definition": ("流程", "flow"),
    "decision": ("决策表", "decision table"),
    "flow": ("流程", "flow"),
    "instance": ("流程实例", "run of a flow"),
    "task": ("任务", "task"),
    "message": ("消息", "message"),
    "signal": ("信号", "signal"),
    "clock": ("城市时间", "city time"),
    "model": ("学习模型", "learned model"),
    "hot_issue": ("热点", "hot issue"),
    "trend": ("趋势", "trend"),
    "place": ("地名", "place name"),
    "area": ("区域", "area"),
    "city": ("城市", "city"),
    "notice": ("公告", "notice"),
    "publication": ("公示", "issue of a publication"),
    "anomaly": ("异常", "anomaly"),
    "alarm": ("报警", "alarm"),
    "alarm_rule": ("报警规则", "alarm rule"),
    "device": ("设备", "device"),
    "profile": ("设备类型", "kind of device"),
    "signals": ("指标与型号", "metrics and kinds of device"),
    "reading": ("读数", "reading"),
    "rule": ("规则", "rule"),
    "camera": ("摄像机", "camera"),
    "vehicle": ("车辆", "vehicle"),
    "fence": ("围栏", "fence"),
    "request": ("申请", "request"),
    "report": ("上报", "report"),
    "patrol": ("巡查", "patrol"),
    "import": ("导入", "import"),
    "thing": ("业务对象", "thing"),
}
"""What an entry is about."""

_OPERATIONS: Final[dict[str, Pair]] = {str(name): (rule.zh, rule.en.lower()) for name, rule in RULES.items()}

_PARTICIPLES: Final[dict[str, Pair]] = {
    "created": ("新建", "made"),
    "registered": ("登记", "registered"),
    "updated": ("更改", "changed"),
    "changed": ("更改", "changed"),
    "opened": ("启用", "opened"),
    "closed": ("关闭", "closed"),
    "published": ("发布", "published"),
    "retired": ("停用", "retired"),
    "withdrawn": ("撤下", "withdrawn"),
    "removed": ("移除", "removed"),
    "deleted": ("删除", "deleted"),
    "imported": ("导入", "imported"),
    "exported": ("导出", "exported"),
    "started": ("开始", "started"),
    "stopped": ("停止", "stopped"),
    "ended": ("结束", "ended"),
    "enabled": ("启用", "enabled"),
    "disabled": ("停用", "disabled"),
    "restored": ("恢复", "restored"),
    "locked": ("锁定", "locked"),
    "unlocked": ("解锁", "unlocked"),
    "raised": ("发生", "raised"),
    "archived": ("归档", "archived"),
    "viewed": ("查看", "viewed"),
    "commanded": ("下发指令", "commanded"),
    "uploaded": ("上传", "uploaded"),
    "recorded": ("记录", "recorded"),
    "entered": ("进入", "entered"),
    "left": ("离开", "left"),
}

MEMBERS: Final[dict[str, Pair]] = {
    "number": ("编号", "number"),
    "type": ("业务", "business"),
    "status": ("状态", "status"),
    "note": ("意见", "note"),
    "reason": ("理由", "reason"),
    "purpose": ("用途", "purpose"),
    "outcome": ("办理结果", "outcome"),
    "department": ("部门", "department"),
    "section": ("科室", "section"),
    "handler": ("处置人", "handler"),
    "limit": ("时限", "limit"),
    "due": ("到期", "due"),
    "channel": ("渠道", "channel"),
    "urgency": ("紧急程度", "urgency"),
    "head": ("并入", "folded under"),
    "person": ("人员", "person"),
    "people": ("人员", "people"),
    "login": ("登录名", "login"),
    "name": ("姓名", "name"),
    "role": ("角色", "role"),
    "post": ("岗位", "post"),
    "office": ("机构", "office"),
    "organisation": ("机构", "office"),
    "address": ("来自", "from address"),
    "version": ("版本", "version"),
    "old": ("原来", "before"),
    "new": ("现在", "now"),
    "from": ("从", "from"),
    "to": ("到", "to"),
    "key": ("对象", "what"),
    "title": ("标题", "title"),
    "letters": ("上报数", "reports"),
    "people_count": ("人数", "people"),
    "stars": ("评分", "stars"),
    "rating": ("评分", "rating"),
    "satisfaction": ("满意度", "satisfaction"),
    "text": ("内容", "text"),
    "source": ("来源", "source"),
    "deputy": ("代理人", "deputy"),
    "since": ("自", "since"),
    "until": ("至", "until"),
    "dry_run": ("只试判", "trial only"),
    "cases": ("件数", "cases"),
    "count": ("数量", "count"),
    "expected": ("预计", "expected"),
    "day": ("日期", "day"),
    "fields": ("项目", "fields"),
    "photos": ("照片数", "photos"),
    "overdue": ("超时", "late"),
    "speed": ("快慢", "speed"),
    "state": ("状态", "state"),
    "into": ("并入", "merged into"),
    "severity": ("级别", "severity"),
    "value": ("数值", "value"),
    "speed_limit": ("限速", "speed limit"),
    "vehicles": ("车辆", "vehicles"),
}
"""Members of an entry's data that say something to people; all others are shown only with the raw entry."""


def verb_words(verb: str) -> Pair:
    """What a verb means. Office operations take the words of their rule; an unknown verb those of its parts."""
    if found := VERBS.get(verb):
        return found
    noun, _, rest = verb.partition(".")
    if rest in _OPERATIONS:
        return _OPERATIONS[rest]
    kind = KINDS.get(noun, ("其他", "other"))
    done = _PARTICIPLES.get(rest)
    if done is None:
        return f"{kind[0]}:其他变动", f"{kind[1]}: another change"
    return f"{done[0]}{kind[0]}", f"{kind[1]} {done[1]}"


def kind_words(kind: str) -> Pair:
    """What kind of thing an entry is about."""
    return KINDS.get(kind, ("其他", "other"))


def said(service: CaseService, data: JsonObject) -> list[Said]:
    """What an entry's data says, in the order of :data:`MEMBERS`; codes are told by the names that they stand for."""
    return [part for name in MEMBERS if name in data for part in _member(service, name, data)]


def _member(service: CaseService, name: str, data: JsonObject) -> Iterator[Said]:
    value, label = data[name], MEMBERS[name]
    if name == "head" and ("device" in data or "keep" in data):  # of a device, an alarm or a fence its name
        label = ("名称", "name")
    if value is None or value == "" or isinstance(value, dict):
        return
    at = _moment(value)
    if at is not None:
        yield Said(label, (at.isoformat(), at.isoformat()), at)
        return
    words = _value(service, name, value, data)
    if words is not None:
        yield Said(label, words)


def _value(service: CaseService, name: str, value: Json, data: JsonObject) -> Pair | None:
    case_type = _type_of(service, data)
    match name, value:
        case _, bool():
            return ("是", "yes") if value else ("否", "no")
        case "severity", str():
            return _SEVERITIES.get(value, (value, value))
        case "status", str() if "severity" in data:
            return _ALARM_STATES.get(value)
        case "type", str() if case_type is None and "device" in data:
            return None  # a rule or a kind of device: its name stands beside it
        case "vehicles", list():
            codes = ", ".join(str(item) for item in value[:_most_named])
            return (codes, codes) if codes else None
        case "organisation" | "office", int():
            found = service.parts.directory.organisation(value)
            return (found.name_zh, found.name_en) if found else None
        case "post", int():
            post = service.parts.directory.post(value)
            return (post.name_zh, post.name_en) if post else None
        case "handler" | "person" | "deputy", str():
            return _person(service, value)
        case "people" | "post" | "fields", list():
            names = [_person(service, item) or (item, item) for item in value if isinstance(item, str)]
            shown = [pair[0] for pair in names[:_most_named]]
            return "、".join(shown), ", ".join(shown)
        case "type", str() if case_type is not None:
            return case_type.declaration.names.zh, case_type.declaration.names.en
        case "channel", str() if case_type is not None:
            channel = case_type.declaration.channels.get(value)
            return (channel.names.zh, channel.names.en) if channel else None
        case "status", str():
            return value, service.catalogue.status_word(str(data.get("type", "")), value)
        case "outcome", str():
            return None if case_type is None else _outcome(case_type, data.get("stage"), value)
        case "urgency", str():
            return ("紧急", "urgent") if value == "urgent" else None
        case _, str() | int() | float():
            text = str(value)[:_most_letters]
            return text, text
    return None


_SEVERITIES: Final[dict[str, Pair]] = {pair[1]: pair for pair in SEVERITY_NAMES.values()}
_ALARM_STATES: Final[dict[str, Pair]] = {str(state): pair for state, pair in STATE_NAMES.items()}
_most_named = 12
_most_letters = 300


def _type_of(service: CaseService, data: JsonObject) -> CaseType | None:
    key = data.get("type")
    try:
        return service.catalogue.latest(key) if isinstance(key, str) else None
    except CaseTypeUnknown:
        return None


def _outcome(case_type: CaseType, stage: Json, outcome: str) -> Pair | None:
    for task in case_type.definition.graph.tasks:
        if task.stage == stage and outcome in task.outcomes:
            names = task.outcomes[outcome].names
            return f"{task.names.zh}:{names.zh}", f"{task.names.en}: {names.en}"
    return None


def _person(service: CaseService, text: str) -> Pair | None:
    try:
        found = service.parts.directory.person(UUID(text))
    except ValueError:
        return text, text
    return (found.name, found.name) if found else None


def _moment(value: Json) -> datetime | None:
    if not isinstance(value, str) or len(value) < 19 or value[4:5] != "-":
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
