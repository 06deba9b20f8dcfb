"""What can be known beforehand of who may take a step: `yiwang check` tells it for the step's rule and for its escalations."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.packs.check import run_check

RULE = '<yiwang:who post="handler" organisation="=department"/>'
CLOCK = '<yiwang:clock start="handling" deadline="=limit"/>'


def told(sound: Path, before: str, after: str) -> list[tuple[str, str]]:
    flow = sound / "packs/lamps/flows/lamp-life.bpmn"
    text = flow.read_text(encoding="utf-8")
    assert before in text
    flow.write_text(text.replace(before, after), encoding="utf-8")
    return [(item.code, item.en) for item in run_check(sound / "packs").findings]


RULES: list[tuple[str, list[str]]] = [
    (RULE, []),
    ('role="field" organisation="=department"', []),
    ('role="field"', []),
    ('role="system-admin"', ["city.no_role"]),  # the small city gives the role directly, no post brings it
    ('role="field" organisation="lighting-office"', []),
    ('role="intake" organisation="lighting-office"', ["city.no_role"]),
    ('role="field" organisation="lighting-ofice"', ["reference.unknown"]),
    ('role="fields"', ["flow.role_unknown"]),
    ('manager="=department" post="handler"', ["city.no_manager"]),
    ('manager="lighting-office" post="handler"', []),
    ('manager="east" post="handler"', ["city.no_manager"]),
    ('manager="easst" post="handler"', ["reference.unknown"]),
    ('manager="=department"', ["flow.post_unknown", "city.no_post"]),  # nobody declares the post leader
]


@pytest.mark.parametrize(("rule", "codes"), RULES, ids=[row[0] for row in RULES])
def test_办理人规则(sound: Path, rule: str, codes: list[str]) -> None:
    written = rule if rule.startswith("<") else f"<yiwang:who {rule}/>"
    assert sorted({code for code, _ in told(sound, RULE, written)}) == sorted(codes)


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ('post="grid-worker"', []),
        ('post="grid-workers"', ["city.no_post", "flow.post_unknown"]),
        ('manager="=department" post="acceptor"', ["city.no_manager"]),
        ('role="intakes"', ["flow.role_unknown"]),
    ],
)
def test_超时升级的规则同样检查(sound: Path, rule: str, codes: list[str]) -> None:
    overtime = f'<yiwang:overtime after="2工作日" do="escalate"><yiwang:who {rule}/></yiwang:overtime>'
    assert sorted({code for code, _ in told(sound, CLOCK, CLOCK + overtime)}) == codes


def test_一个机构都没有上级_说出有几个(sound: Path) -> None:
    found = told(sound, RULE, '<yiwang:who manager="=department" post="acceptor"/>')
    assert [code for code, _ in found] == ["city.no_manager"]
    assert "2 organisations (such as Lighting office)" in found[0][1]
