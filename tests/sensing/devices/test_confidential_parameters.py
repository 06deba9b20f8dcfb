"""指令中的密码:存的是密文,谁也看不到,只有网关能打开。"""

from __future__ import annotations

import orjson
import pytest

from yiwang.kernel.database import JsonObject
from yiwang.sensing.devices.confidential import STRUCK_OUT, opened, sealed, shown

CLEAR = "geheim-8"


def _seal(text: str) -> str:
    return "sm4:" + text[::-1]


def _open(text: str) -> str:
    return text.removeprefix("sm4:")[::-1]


@pytest.mark.parametrize(
    ("verb", "parameters"),
    [
        ("set-password", {"password": CLEAR}),
        ("set-password", {"Password": CLEAR}),
        ("set-parameters", {"apn_password": CLEAR, "apn": "cmnet"}),
        ("set-parameters", {"backup_apn_password": CLEAR}),
        ("set-parameters", {"0x0012": CLEAR, "0x00000016": CLEAR}),
        ("control", {"command": 1, "parameters": f"http://x;cmnet;user;{CLEAR};1.2.3.4;80"}),
        ("control", {"wifi": {"ssid": "yw", "wifiPassword": CLEAR}, "list": [{"api_key": CLEAR}]}),
        ("set-parameters", {"登录密码": CLEAR}),
    ],
)
def test_密码存密文_看不见_网关读得出(verb: str, parameters: JsonObject) -> None:
    kept = sealed(verb, parameters, _seal)
    assert CLEAR not in orjson.dumps(kept).decode()
    assert CLEAR not in orjson.dumps(shown(verb, kept)).decode()
    assert STRUCK_OUT in str(shown(verb, kept))
    assert opened(verb, kept, _open) == parameters


def test_数字密码也加密_网关得到文字() -> None:
    kept = sealed("set-password", {"password": 123456}, _seal)
    assert "123456" not in str(kept)
    assert opened("set-password", kept, _open) == {"password": "123456"}


def test_终端答复里的密码划去_其余照记() -> None:
    answer: JsonObject = {"parameters": {"apn": "cmnet", "apn_password": CLEAR, "0x00000012": CLEAR, "interval": 30}}
    told = shown("", answer)
    assert told == {
        "parameters": {"apn": "cmnet", "apn_password": STRUCK_OUT, "0x00000012": STRUCK_OUT, "interval": 30}
    }


def test_不是密码的不动() -> None:
    parameters: JsonObject = {
        "key_alarms": 3,
        "seconds": 30,
        "names": ["apn_password"],
        "monkey": "x",
        "0x0010": "cmnet",
    }
    assert sealed("set-parameters", parameters, _seal) == parameters == shown("set-parameters", parameters)
