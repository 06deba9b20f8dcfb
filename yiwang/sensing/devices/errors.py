"""What the register of devices refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class AddressImpossible(Problem):
    code = "device.address_impossible"
    status = 422
    zh = "“{address}”不是 {protocol} 的设备地址;应为{shape_zh}。"
    en = "“{address}” is no address of {protocol}; it is {shape_en}."


class AddressTaken(Problem):
    code = "device.address_taken"
    status = 409
    zh = "地址 {address}({protocol})已属于设备 {other};请核对地址,或先停用那台设备。"
    en = "The address {address} ({protocol}) belongs to the device {other}; check it, or retire that device first."


class CodeTaken(Problem):
    code = "device.code_taken"
    status = 409
    zh = "设备编号 {device} 已被使用,请另取一个。"
    en = "The device code {device} is taken; choose another."


class ProfileUnknown(Problem):
    code = "device.profile_unknown"
    status = 422
    zh = "没有设备型号“{profile}”;可用的有:{known}。"
    en = "There is no profile “{profile}”; known are: {known}."


class ProfileFixed(Problem):
    code = "device.profile_fixed"
    status = 409
    zh = "设备 {device} 不能从 {old} 改为协议不同的 {new};请停用后重新登记。"
    en = "The device {device} cannot change from {old} to {new}, which speaks another protocol; retire it and register anew."


class OrganisationUnknown(Problem):
    code = "device.organisation_unknown"
    status = 422
    zh = "没有机构“{organisation}”;请填写机构代码。"
    en = "There is no organisation “{organisation}”; give its code."


class PlaceOutside(Problem):
    code = "device.place_outside"
    status = 422
    zh = "位置({lon}, {lat})不在本市范围内;请核对经纬度(先经度后纬度,CGCS2000)。"
    en = "The place ({lon}, {lat}) lies outside the city; check longitude (first) and latitude, CGCS2000."


class AttributeUnknown(Problem):
    code = "device.attribute_unknown"
    status = 422
    zh = "{profile} 没有属性“{name}”;可用的有:{known}。"
    en = "A {profile} has no attribute “{name}”; known are: {known}."


class DeviceChanged(Problem):
    """The editor saw revision ``seen``, and it is ``now`` by now."""

    code = "device.changed"
    status = 409
    zh = "设备 {device} 刚被修改过(您看到的是第 {seen} 版,现在是第 {now} 版);请刷新后再改。"
    en = "The device {device} has been changed (you saw revision {seen}, it is {now} now); reload and edit again."


class DeviceRetired(Problem):
    code = "device.retired"
    status = 409
    zh = "设备 {device} 已停用,不能再{act_zh}。"
    en = "The device {device} is retired; it can no longer be {act_en}."


class VerbNotOffered(Problem):
    code = "device.verb_not_offered"
    status = 422
    zh = "{profile} 不支持指令“{verb}”;可用的有:{known}。"
    en = "A {profile} cannot be told “{verb}”; it knows: {known}."


class TooManyCommands(Problem):
    code = "device.too_many_commands"
    status = 429
    zh = "设备 {device} 已有 {count} 条指令在等待;请等其答复或过期。"
    en = "{count} commands wait for the device {device} already; let them be answered or expire."


class KeyMissing(Problem):
    code = "device.key_missing"
    status = 500
    zh = "密钥文件 {path} 中没有编号 {key} 的密钥,无法解开设备密码;请从备份恢复该文件。"
    en = "The key file {path} has no key {key}, so device secrets cannot be opened; restore the file from the backup."


class KeyFileUnreadable(Problem):
    code = "device.key_file_unreadable"
    status = 500
    zh = "密钥文件 {path} 无法使用:{reason};请从备份恢复,权限应为 0600。"
    en = "The key file {path} cannot be used: {reason}; restore it from the backup, mode 0600."


class UnitFixed(Problem):
    code = "device.unit_fixed"
    status = 409
    zh = "指标 {metric} 已有读数,单位不能从 {old} 改为 {new};请另立一个指标,或在设备型号中声明换算。"
    en = (
        "The metric {metric} has readings, so its unit cannot change from {old} to {new}; declare another metric, or let the "
        "profiles convert."
    )
