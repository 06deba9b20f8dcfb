"""The journal's sentences about cases: verbs and what each records. The story of a case is read from these.

Every entry carries ``number``, ``status``, ``class``, ``organisation``, ``grid``, ``lon``, ``lat``, so that followers
(the live map, scoring) need no look-up. Names and phone numbers of reporters never enter the journal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yiwang.casework.model import CaseFile, Draft, Opened
from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.journal import Entry, entry

VERBS: Final[dict[str, tuple[str, str]]] = {
    "case.opened": ("上报建案", "reported"),
    "case.folded": ("并入同一问题", "folded under the same matter"),
    "case.unfolded": ("取消并案", "unfolded"),
    "case.step": ("办理", "step finished"),
    "case.claimed": ("签收任务", "task claimed"),
    "case.reassigned": ("转派任务", "task reassigned"),
    "case.send_back": ("退回", "sent back"),
    "case.send_back_to_previous": ("退回上一步", "sent back to the step before"),
    "case.send_back_to_start": ("退回发起人", "sent back to the start"),
    "case.recalled": ("撤回", "taken back"),
    "case.add_before": ("前加签", "asked others to sign first"),
    "case.add_after": ("后加签", "asked others to sign after"),
    "case.add_to_round": ("会签加人", "added people to the round"),
    "case.remove_signer": ("减签", "took a signer out"),
    "case.delegate": ("委派", "delegated"),
    "case.take_back": ("收回", "took the task back"),
    "case.ask_extension": ("申请延期(本步)", "asked for more time for the step"),
    "case.classified": ("更改分类", "reclassified"),
    "case.suspended": ("挂账", "suspended"),
    "case.resumed": ("恢复办理", "resumed"),
    "case.urged": ("催办", "urged"),
    "case.supervised": ("督办", "supervised"),
    "case.extension_requested": ("申请延期", "extension requested"),
    "case.extension_approved": ("同意延期", "extension approved"),
    "case.extension_refused": ("不同意延期", "extension refused"),
    "case.reckoned": ("按新日历重算时限", "limit reckoned by the new calendar"),
    "case.force_closed": ("强制结案", "closed by force"),
    "case.voided": ("作废", "voided"),
    "case.closed": ("结案", "closed"),
    "case.reopened": ("重新办理", "reopened"),
    "case.added": ("补充情况", "added to"),
    "case.rated": ("评价", "rated"),
    "case.appeal_requested": ("超时申诉", "appealed against being late"),
    "case.appeal_reviewed": ("申诉初审", "appeal reviewed"),
    "case.appeal_approved": ("申诉通过", "appeal approved"),
    "case.appeal_refused": ("申诉驳回", "appeal refused"),
    "case.told": ("告知上报人", "reporter told"),
    "case.archived": ("归档", "archived"),
    "case.imported": ("导入历史案卷", "imported"),
    "flow.migrated": ("改按新版流程办理", "goes on by another version of its flow"),
    "case.alarm": ("报警动态", "news of its alarm"),
    "case.document_issued": ("出具文书", "document issued"),
    "case.document_voided": ("作废文书", "document voided"),
    "case.document_replaced": ("更换文书", "document replaced"),
    "case.document_read": ("查看含个人信息的文书", "document with personal data read"),
    "case.viewed": ("查看个人信息", "personal data read"),
    "case.divided": ("任务分解", "broken down"),
    "case.progress": ("报送进展", "progress reported"),
    "case.card": ("亮牌提醒", "shown a card"),
    "case.sheet": ("填写评分表", "scoring sheet filled in"),
    "case.vote_called": ("发起表决", "vote called"),
    "case.vote_counted": ("表决计票", "vote counted"),
    "case.vote_withdrawn": ("撤回表决", "vote withdrawn"),
    "case.match_proposed": ("匹配建议", "an offer was asked"),
    "case.match_accepted": ("接受匹配", "the offer accepted"),
    "case.match_refused": ("谢绝匹配", "the offer declined"),
    "case.match_expired": ("匹配逾期未答复", "the offer did not answer in time"),
}


def case_entry(
    actor: Actor, at: datetime, verb: str, case: CaseFile, data: JsonObject | None = None, *, status: str | None = None
) -> Entry:
    """The entry for an act on a case; ``data`` adds to the common members."""
    common: JsonObject = {
        "number": case.number,
        "type": case.type,
        "class": case.class_code,
        "status": status or case.status,
        "organisation": case.organisation_id,
        "grid": case.grid,
        "lon": case.lon,
        "lat": case.lat,
    }
    return entry(actor, at, verb, "case", case.id, area=case.area, data={**common, **(data or {})})


def opened_entry(actor: Actor, draft: Draft, opened: Opened, times: JsonObject) -> Entry:
    """The first entry of every case; ``times`` as :func:`yiwang.casework.timing.timing` tells of its first step."""
    data: JsonObject = {
        "number": opened.number,
        "type": draft.report.type,
        "class": draft.class_code,
        "status": opened.status,
        "organisation": draft.organisation_id,
        "grid": draft.grid,
        "lon": draft.lon,
        "lat": draft.lat,
        "channel": draft.report.channel,
        "class_source": draft.class_source,
        "urgency": draft.urgency,
    }
    if opened.head_number:
        data["head"] = opened.head_number
    else:
        data.update(times)
    if len(actor.posts) == 1:
        data["post"] = actor.posts[0]
    return entry(actor, draft.reported_at, "case.opened", "case", draft.id, area=draft.area, data=data)
