"""What the HTTP door refuses as a whole; single rows are refused in the report."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class KeyRefused(Problem):
    """The same for an unknown address and a wrong key, so that nobody learns which devices there are."""

    code = "sensing.key_refused"
    status = 401
    zh = "设备地址或密钥不对。请以 HTTP Basic 方式发送:用户名为设备地址,密码为登记时给出的密钥;密钥可在设备登记中重置。"
    en = (
        "The device's address or key is wrong. Send HTTP Basic: the address as user, as password the key that was told at "
        "registration; the register of devices can give a new one."
    )
