"""Refusals of comparing, migrating and simulating, with words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class MappingInvalid(Problem):
    code = "flow.mapping_invalid"
    status = 422
    zh = "迁移映射有 {count} 处不对,请按列出的位置修改。"
    en = "The mapping has {count} faults; correct the places listed."


class NothingToMigrate(Problem):
    code = "flow.nothing_to_migrate"
    status = 422
    zh = "不能从版本 {old} 迁移到版本 {new}:{reason_zh}。"
    en = "Instances cannot go from version {old} to version {new}: {reason_en}."


class NoCases(Problem):
    code = "flow.no_cases"
    status = 422
    zh = "“{key}”在 {since} 至 {until} 之间没有开始过任何一件,无法试算;请换一个时段。"
    en = "No instance of “{key}” began between {since} and {until}; choose another period."


class SimulationBusy(Problem):
    code = "flow.simulation_busy"
    status = 429
    zh = "本进程正在做另一次试算,请稍后再试。"
    en = "Another simulation is running in this process; try again in a moment."
