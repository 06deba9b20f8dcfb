"""A population in which it is known who stands there twice: people of households, twins and namesakes among them, and for one
in twenty a second record as another office would have written it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

COLUMNS = ("编号", "姓名", "性别", "出生日期", "身份号码", "电话", "住址", "区划")
SHARE = 0.05
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
_GIVEN = (
    "伟芳娜敏静强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文辉建国红梅志海燕鹏飞丽云波宇婷雪琳浩晨欣怡佳悦思雨子涵梓轩一诺宏博"
    "振东立新春生福德荣光祥永清少良有才大同长安小龙凤珍淑香巧月素琴瑞雅馨嘉俊凯"
)
_SOUNDALIKES = dict(
    zip(
        "伟芳静军洋勇娟明秀平英华玉文辉国志宇琳浩欣佳思涵轩新生荣小珍淑张许余",
        "炜方婧君扬永鹃鸣绣萍瑛桦钰雯晖帼智雨霖昊鑫嘉斯晗萱欣升蓉晓真书章徐于",
        strict=True,
    )
)
_ROADS = ["秀川路", "柳口路", "永红路", "碧欣路", "友谊南路", "外环西路", "枫雅道", "丽江道", "津静公路", "祥和路"]
_COMPOUNDS = ["金地", "王兰庄", "富力", "杨柳青", "瑞景", "宁园", "大学城", "梅江", "天骄", "社会山", "中北", "假日"]
_ENDINGS = ("小区", "花园", "家园", "里", "苑")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Person:
    """A record. ``home``: road, number, compound, building, unit, room."""

    name: str
    sex: str
    born: date
    number: str
    phone: str
    home: tuple[str, int, str, int, int, int]
    moved: bool = False

    def address(self, form: int) -> str:
        """The home as offices write it."""
        road, number, compound, building, unit, room = self.home
        return (
            f"天津市西青区{road}{number}号{compound}{building}号楼{unit}单元{room}室",
            f"西青区{compound}{building}-{unit}-{room}",
            f"{road}{number}号{compound}{building}栋{unit}门{room}",
        )[form]


def people(count: int, seed: int = 1) -> Iterator[tuple[Person, Person | None]]:
    """Persons and, of one in twenty, the second record."""
    chance = random.Random(seed)
    made = 0
    while made < count:
        for person in _household(chance):
            made += 1
            yield person, _again(chance, person) if chance.random() < SHARE else None
            if made == count:
                return


def write(path: Path, count: int, seed: int = 1) -> set[tuple[str, str]]:
    """Write the records as a table, in no order of kinship; returns the numbers (``编号``) of those that are the same."""
    chance = random.Random(seed + 1)
    rows: list[tuple[str, ...]] = []
    truth = set()
    for number, (person, again) in enumerate(people(count, seed)):
        first = f"A{number}"
        rows.append((first, *_row(person, 0)))
        if again is not None:
            rows.append((f"B{number}", *_row(again, chance.choices((0, 1, 2), (3, 4, 3))[0])))
            truth.add((first, f"B{number}"))
    chance.shuffle(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(rows)
    return truth


def _row(person: Person, form: int) -> tuple[str, ...]:
    return (
        person.name,
        person.sex,
        f"{person.born}",
        person.number,
        person.phone,
        person.address(form),
        "120111001001",
    )


def _household(chance: random.Random) -> list[Person]:
    compound = chance.choice(_COMPOUNDS) + chance.choice(_ENDINGS)
    place = (
        compound,
        chance.randrange(1, 40),
        chance.randrange(1, 5),
        chance.randrange(1, 19) * 100 + chance.randrange(1, 5),
    )
    home = (chance.choice(_ROADS), chance.randrange(1, 200), *place)
    surname = chance.choices(_SURNAMES, [1 / (rank + 3) for rank in range(len(_SURNAMES))])[0]
    phone = _phone(chance)
    parent = date(1940, 1, 1) + timedelta(days=chance.randrange(20_000))
    found = [_person(chance, surname, parent, phone, home)]
    if chance.random() < 0.6:
        partner = chance.choice(_SURNAMES)
        found.append(
            _person(chance, partner, parent + timedelta(days=chance.randrange(-2000, 2000)), _phone(chance), home)
        )
    for _ in range(chance.choices((0, 1, 2), (4, 4, 2))[0]):
        born = parent + timedelta(days=8000 + chance.randrange(6000))
        child = _person(chance, surname, born, phone if chance.random() < 0.5 else _phone(chance), home)
        found.append(child)
        if chance.random() < 0.03:  # twins share nearly everything but the name
            found.append(replace(_person(chance, surname, born, child.phone, home), sex=child.sex))
    return found


def _person(
    chance: random.Random, surname: str, born: date, phone: str, home: tuple[str, int, str, int, int, int]
) -> Person:
    given = "".join(chance.choice(_GIVEN) for _ in range(1 if chance.random() < 0.2 else 2))
    sex = chance.choice("12")
    return Person(surname + given, sex, born, _number(chance, born, sex), phone, home)


def _again(chance: random.Random, person: Person) -> Person:
    """The same person as another office has written him down."""
    found = replace(person, number=person.number if chance.random() < 0.3 else "")
    if chance.random() < 0.12:
        spots = [place for place, each in enumerate(found.name) if each in _SOUNDALIKES]
        if spots:
            place = chance.choice(spots)
            name = found.name[:place] + _SOUNDALIKES[found.name[place]] + found.name[place + 1 :]
            found = replace(found, name=name)
    drawn = chance.random()
    if drawn < 0.25:
        found = replace(found, phone=_phone(chance))
    elif drawn < 0.45:
        found = replace(found, phone="")
    if chance.random() < 0.05:
        found = replace(found, born=_mistaken(chance, found.born))
    if chance.random() < 0.15:
        home = (*person.home[:3], chance.randrange(1, 40), chance.randrange(1, 5), chance.randrange(1, 19) * 100 + 1)
        found = replace(found, home=home, moved=True)
    if chance.random() < 0.01:
        found = replace(found, sex="2" if found.sex == "1" else "1")
    return found


def _mistaken(chance: random.Random, born: date) -> date:
    if born.day <= 12 and chance.random() < 0.5:
        return born.replace(month=born.day, day=min(born.month, 28))
    return born.replace(day=chance.randrange(1, 29))


def _phone(chance: random.Random) -> str:
    return f"1{chance.choice('3578')}{chance.randrange(10**9):09}"


def _number(chance: random.Random, born: date, sex: str) -> str:
    body = f"{chance.randrange(110_000, 660_000)}{born:%Y%m%d}{chance.randrange(100):02}{2 * chance.randrange(5) + (sex == '1')}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


@dataclass(frozen=True, slots=True)
class Marks:
    """How well a search did: of what it found, how much is true; of what is true, how much it found."""

    precision: float
    recall: float

    @classmethod
    def of(cls, found: set[tuple[str, str]], truth: set[tuple[str, str]]) -> Marks:
        right = len(found & truth)
        return cls(right / max(len(found), 1), right / max(len(truth), 1))

    def __str__(self) -> str:
        return f"precision {self.precision:.2%}, recall {self.recall:.2%}"


TYPE = """
id: bench-person
names: {zh: 居民(查重测速), en: Person (benchmark of duplicates)}
area: division
attributes:
  record: {names: {zh: 编号, en: Record}, schema: {type: string}, required: true}
  name: {names: {zh: 姓名, en: Name}, schema: {type: string, maxLength: 50}, required: true}
  sex: {names: {zh: 性别, en: Sex}, schema: {enum: ["1", "2"]}}
  born: {names: {zh: 出生日期, en: Born}, schema: {type: string, format: date}}
  number: {names: {zh: 身份号码, en: Number}, schema: {type: string, format: citizen-number}}
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string, format: phone-number}}
  address: {names: {zh: 住址, en: Address}, schema: {type: string, maxLength: 200}}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {record: [record]}
presentation: {title: [name]}
resolution:
  exact: [[number]]
  block:
    - [name, born]
    - [phone, sex]
    - ["name:pinyin", "address:door"]
    - ["name:pinyin", born]
    - ["name:pinyin", phone]
  compare:
    name: {as: name, agree: 5, differ: -6}
    born: {as: date, agree: 6, differ: -5}
    number: {as: exact, agree: 10, differ: -8}
    phone: {as: phone, agree: 4, differ: -1}
    address: {as: address, agree: 4, differ: -1}
    sex: {as: exact, agree: 0.5, differ: -4}
  same: 12
  review: 8
"""
"""A type with rules of identity such as an office would declare for its residents."""
