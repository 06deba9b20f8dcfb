"""What the common words of commands are in HJ 212: verb and parameters → command code and data area (tables 9 and C).

Times in parameters are ISO 8601 with a zone; durations are seconds unless the name says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.moments import text_of


class RequestUnusable(Problem):
    code = "sensing.hj212_request"
    status = 422
    zh = "这条指令无法用 HJ 212 表达:{reason_zh}。"
    en = "HJ 212 cannot say this command: {reason_en}."


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a device. ``collects``: uploads of this code between 9011 and 9012 belong to the answer.

    ``notice``: the device answers 9013 and nothing more follows.
    """

    command: str
    data: str
    collects: str = ""
    notice: bool = False
    new_password: str = ""


HISTORIES: Final = {"minute": cn.MINUTE, "hour": cn.HOUR, "day": cn.DAY, "run-hours": cn.RUN_HOURS}
QUERIES: Final = {
    "time": cn.DEVICE_TIME,
    "interval": cn.REALTIME_INTERVAL,
    "minute-interval": cn.MINUTE_INTERVAL,
    "sampling-period": cn.SAMPLING_PERIOD,
    "sample-time": cn.SAMPLE_OUT_TIME,
    "unique-id": cn.UNIQUE_ID,
    "info": cn.SITE_INFO,
}
ACTIONS: Final = {
    "start": cn.REALTIME,
    "stop": cn.STOP_REALTIME,
    "start-status": cn.STATUS,
    "stop-status": cn.STOP_STATUS,
    "calibrate": cn.CALIBRATE,
    "sample": cn.SAMPLE,
    "clean": cn.CLEAN,
    "compare": cn.COMPARE,
    "retain": cn.RETAIN_SAMPLE,
}
MINUTE_INTERVALS: Final = frozenset({1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30})
_WORD = re.compile(r"^[0-9A-Za-z]{1,8}$")
_NEW_PASSWORD = re.compile(r"^[0-9A-Za-z]{6}$")
_VALUE = re.compile(r"^[^;,&#=\x00-\x1f]{1,200}$")


def request_for(verb: str, parameters: JsonObject, now: datetime) -> Request:
    """The request that says ``verb``; ``now`` is what ``sync-time`` tells the device.

    Raises:
        RequestUnusable: HJ 212 has no such command, or a parameter is missing or outside what the standard allows.
    """
    maker = _MAKERS.get(verb)
    if maker is None:
        raise RequestUnusable(
            reason_zh=f"协议没有“{verb}”,可用的有:{'、'.join(_MAKERS)}",
            reason_en=f"the protocol has no “{verb}”; it has {', '.join(_MAKERS)}",
        )
    return maker(parameters, now)


def _sync_time(parameters: JsonObject, now: datetime) -> Request:
    return Request(cn.SET_TIME, _joined(_instrument(parameters), f"SystemTime={text_of(now)}"))


def _set_interval(parameters: JsonObject, _now: datetime) -> Request:
    if "minutes" in parameters:
        minutes = _number(parameters, "minutes", 1, 30)
        if minutes not in MINUTE_INTERVALS:
            raise RequestUnusable(
                reason_zh="分钟数据间隔只能是 1、2、3、4、5、6、10、12、15、20、30 分钟",
                reason_en="the minute interval is one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 minutes",
            )
        return Request(cn.SET_MINUTE_INTERVAL, f"MinInterval={minutes}")
    return Request(cn.SET_REALTIME_INTERVAL, f"RtdInterval={_number(parameters, 'seconds', 30, 3600)}")


def _set_password(parameters: JsonObject, _now: datetime) -> Request:
    password = str(parameters.get("password", "")).partition(" ")[0]
    if not _NEW_PASSWORD.match(password):
        raise RequestUnusable(reason_zh="password 须为 6 位字母或数字", reason_en="password has six letters or digits")
    return Request(cn.SET_PASSWORD, f"NewPW={password}", new_password=password)


def _fetch_history(parameters: JsonObject, _now: datetime) -> Request:
    command = HISTORIES[_choice(parameters, "grain", tuple(HISTORIES))]
    since, until = _time(parameters, "since"), _time(parameters, "until")
    if until < since:
        raise RequestUnusable(reason_zh="until 早于 since", reason_en="until lies before since")
    return Request(command, f"BeginTime={text_of(since)};EndTime={text_of(until)}", collects=command)


def _query(parameters: JsonObject, _now: datetime) -> Request:
    command = QUERIES[_choice(parameters, "what", tuple(QUERIES))]
    parts = [_instrument(parameters)]
    if command == cn.SITE_INFO:
        parts.append(f"InfoId={_word(parameters, 'info')}")
        if "since" in parameters or "until" in parameters:
            parts.append(
                f"BeginTime={text_of(_time(parameters, 'since'))},EndTime={text_of(_time(parameters, 'until'))}"
            )
    return Request(command, _joined(*parts), collects=command)


def _set_parameters(parameters: JsonObject, _now: datetime) -> Request:
    if "timeout" in parameters:
        return Request(
            cn.SET_TIMEOUT,
            f"OverTime={_number(parameters, 'timeout', 1, 99)};ReCount={_number(parameters, 'retries', 1, 99)}",
        )
    if "hours" in parameters:
        start = str(parameters.get("start", ""))
        if not re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", start):
            raise RequestUnusable(reason_zh="start 须写作 HHMMSS", reason_en="start is written HHMMSS")
        hours = _number(parameters, "hours", 1, 24)
        return Request(
            cn.SET_SAMPLING_PERIOD,
            _joined(f"PolId={_word(parameters, 'instrument')}", f"CstartTime={start}", f"Ctime={hours}"),
        )
    info = _word(parameters, "info")
    value = str(parameters.get("value", ""))
    if not _VALUE.match(value):
        raise RequestUnusable(
            reason_zh="value 为空、过长或含有 ; , & # =",
            reason_en="value is empty, too long, or holds one of ; , & # =",
        )
    return Request(
        cn.SET_SITE_PARAMETER,
        _joined(f"PolId={_word(parameters, 'instrument')}", f"InfoId={info}", f"{info}-Info={value}"),
    )


def _control(parameters: JsonObject, _now: datetime) -> Request:
    command = ACTIONS[_choice(parameters, "action", tuple(ACTIONS))]
    notice = command in {cn.STOP_REALTIME, cn.STOP_STATUS}
    needs = command in {cn.CALIBRATE, cn.SAMPLE, cn.CLEAN, cn.COMPARE}
    if needs:
        return Request(command, f"PolId={_word(parameters, 'instrument')}")
    return Request(command, "", notice=notice)


_MAKERS = {
    "sync-time": _sync_time,
    "set-interval": _set_interval,
    "set-password": _set_password,
    "fetch-history": _fetch_history,
    "query-parameters": _query,
    "set-parameters": _set_parameters,
    "control": _control,
}


def _joined(*parts: str) -> str:
    return ";".join(part for part in parts if part)


def _instrument(parameters: JsonObject) -> str:
    return f"PolId={_word(parameters, 'instrument')}" if "instrument" in parameters else ""


def _word(parameters: JsonObject, name: str) -> str:
    value = str(parameters.get(name, ""))
    if not _WORD.match(value):
        raise RequestUnusable(
            reason_zh=f"{name} 须为 1–8 位编码(字母、数字)", reason_en=f"{name} is a code of 1–8 letters and digits"
        )
    return value


def _number(parameters: JsonObject, name: str, least: int, most: int) -> int:
    value = parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RequestUnusable(
            reason_zh=f"{name} 须为 {least}–{most} 的整数", reason_en=f"{name} is a whole number from {least} to {most}"
        )
    return value


def _choice(parameters: JsonObject, name: str, known: tuple[str, ...]) -> str:
    value = parameters.get(name)
    if value not in known:
        raise RequestUnusable(
            reason_zh=f"{name} 须为其中之一:{'、'.join(known)}", reason_en=f"{name} is one of {', '.join(known)}"
        )
    return str(value)


def _time(parameters: JsonObject, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(parameters.get(name, "")))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise RequestUnusable(
            reason_zh=f"{name} 须为带时区的时间,如 2026-06-18T08:00+08:00",
            reason_en=f"{name} is a time with its zone, such as 2026-06-18T08:00+08:00",
        )
    return found
