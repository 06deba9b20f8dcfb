"""Command codes (CN, table 9), system codes (ST, table 5) and what they mean; the codes of the edition of 2025
beside them."""

from __future__ import annotations

import enum
from typing import Final

from yiwang.sensing.model import Grain


class Kind(enum.Enum):
    """How a command is carried on: a request (9011, then 9012), an upload (9014), a notice (9013), or an answer
    itself."""

    REQUEST = "request"
    UPLOAD = "upload"
    NOTICE = "notice"
    ANSWER = "answer"


SET_TIMEOUT: Final = "1000"
DEVICE_TIME: Final = "1011"
SET_TIME: Final = "1012"
ASK_FOR_TIME: Final = "1013"
REALTIME_INTERVAL: Final = "1061"
SET_REALTIME_INTERVAL: Final = "1062"
MINUTE_INTERVAL: Final = "1063"
SET_MINUTE_INTERVAL: Final = "1064"
SET_PASSWORD: Final = "1072"  # noqa: S105 - a command code
REALTIME: Final = "2011"
STOP_REALTIME: Final = "2012"
STATUS: Final = "2021"
STOP_STATUS: Final = "2022"
DAY: Final = "2031"
RUN_HOURS: Final = "2041"
MINUTE: Final = "2051"
HOUR: Final = "2061"
BOOT: Final = "2081"
CALIBRATE: Final = "3011"
SAMPLE: Final = "3012"
CLEAN: Final = "3013"
COMPARE: Final = "3014"
RETAIN_SAMPLE: Final = "3015"
SET_SAMPLING_PERIOD: Final = "3016"
SAMPLING_PERIOD: Final = "3017"
SAMPLE_OUT_TIME: Final = "3018"
UNIQUE_ID: Final = "3019"
SITE_INFO: Final = "3020"
SET_SITE_PARAMETER: Final = "3021"
REQUEST_ANSWER: Final = "9011"
EXECUTION: Final = "9012"
NOTICE_ANSWER: Final = "9013"
DATA_ANSWER: Final = "9014"
HEARTBEAT: Final = "9015"

GRAINS: Final[dict[str, Grain]] = {
    REALTIME: Grain.REAL,
    STATUS: Grain.REAL,
    DAY: Grain.DAY,
    RUN_HOURS: Grain.DAY,
    MINUTE: Grain.MINUTE,
    HOUR: Grain.HOUR,
    SITE_INFO: Grain.REAL,
}
"""Uploads that bear readings, and what a value in them stands for."""

UPLOADS: Final = frozenset(
    {
        DEVICE_TIME, REALTIME_INTERVAL, MINUTE_INTERVAL, REALTIME, STATUS, DAY, RUN_HOURS, MINUTE, HOUR, BOOT, RETAIN_SAMPLE,
        SAMPLING_PERIOD, SAMPLE_OUT_TIME, UNIQUE_ID, SITE_INFO,
    }
)  # fmt: skip
"""What a device sends of its own account or between 9011 and 9012."""
ANSWERS: Final = frozenset({REQUEST_ANSWER, EXECUTION, NOTICE_ANSWER, DATA_ANSWER})

SYSTEMS: Final[dict[str, tuple[str, str]]] = {
    "21": ("地表水质量监测", "surface water"),
    "22": ("空气质量监测", "ambient air"),
    "23": ("声环境质量监测", "sound environment"),
    "24": ("地下水质量监测", "groundwater"),
    "25": ("土壤质量监测", "soil"),
    "26": ("海水质量监测", "sea water"),
    "27": ("挥发性有机物监测", "volatile organic compounds"),
    "31": ("大气环境污染源", "air pollution source"),
    "32": ("地表水体环境污染源", "surface-water pollution source"),
    "33": ("地下水体环境污染源", "groundwater pollution source"),
    "34": ("海洋环境污染源", "marine pollution source"),
    "35": ("土壤环境污染源", "soil pollution source"),
    "36": ("声环境污染源", "noise source"),
    "37": ("振动环境污染源", "vibration source"),
    "38": ("放射性环境污染源", "radioactive source"),
    "39": ("工地扬尘污染源", "construction-site dust"),
    "41": ("电磁环境污染源", "electromagnetic source"),
    "44": ("用电监控", "use of electricity (2025)"),
    "45": ("关键生产工况监控", "key production process (2025)"),
    "51": ("烟气排放过程监控", "flue-gas process"),
    "52": ("污水排放过程监控", "sewage process"),
    "91": ("系统交互", "system interaction"),
}


def kind_of(command: str) -> Kind | None:
    """How a command that a *device* sends is to be answered; None for codes that neither edition lists.

    Reserved codes of the data range (2000 … 2999) count as uploads: their data are acknowledged so that the device
    goes on.
    """
    if command in ANSWERS:
        return Kind.ANSWER
    if command in {ASK_FOR_TIME, HEARTBEAT}:
        return Kind.NOTICE
    if command in UPLOADS or command.startswith("2"):
        return Kind.UPLOAD
    return None


def encrypted(command: str) -> bool:
    """Whether the edition of 2025 wants the data area of this command encrypted on public networks."""
    return command.startswith("2") or command in {"1014", SITE_INFO}
