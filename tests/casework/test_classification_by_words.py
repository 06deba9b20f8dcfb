"""Classes proposed from the words of a report."""

from yiwang.casework.classify import WordIndex
from yiwang.casework.declarations import CaseClass


def _class(code: str, name: str, words: list[str]) -> CaseClass:
    return CaseClass.model_validate(
        {
            "code": code,
            "names": {"zh": name, "en": name},
            "kind": "matter",
            "group": {"zh": "组", "en": "group"},
            "words": words,
            "standards": [
                {
                    "id": "a",
                    "filing": {"zh": "有", "en": "is"},
                    "closing": {"zh": "无", "en": "not"},
                    "limit": "1工作日",
                }
            ],
        }
    )


INDEX = WordIndex(
    [
        _class("01037", "路灯", ["路灯不亮", "灯坏"]),
        _class("99990", "道路积水", ["积水"]),
        _class("06010", "暴露垃圾", ["垃圾"]),
    ]
)


def test_最长的词决定分类() -> None:
    assert INDEX.propose("学校门口路灯不亮,旁边有垃圾")[0].code == "01037"


def test_说明由哪些词判断() -> None:
    assert INDEX.propose("门口积水很深")[0].words == ("积水",)


def test_没有认识的词就不猜() -> None:
    assert INDEX.propose("你好") == []
    assert INDEX.propose("") == []


def test_同一个词出现多次只算一次() -> None:
    once, often = INDEX.propose("垃圾"), INDEX.propose("垃圾垃圾垃圾垃圾")
    assert once[0].words == often[0].words == ("垃圾",)


def test_十万字的文本也能很快判断() -> None:
    assert INDEX.propose("路" * 100_000 + "积水")[0].code == "99990"


GAPS = WordIndex([_class("06013", "道路破损", ["路…坑", "路面裂"]), _class("09001", "游商", ["卖…的"])])


def test_词中间隔着几个字也认得_并说出原话() -> None:
    found = GAPS.propose("学校门口路面有个坑,没人修")
    assert (found[0].code, found[0].words) == ("06013", ("路面有个坑",))
    assert GAPS.propose("路坑")[0].words == ("路坑",)


def test_隔得太远或隔着标点就不算() -> None:
    assert GAPS.propose("路灯坏了很久都没有人来修理还有坑") == []
    assert GAPS.propose("路上没事,家里有坑") == []
    assert GAPS.propose("坑在路上") == []


def test_单字开头的词很多时也能很快判断() -> None:
    assert GAPS.propose("路" * 100_000) == []


def test_只有省略号的词不算() -> None:
    assert WordIndex([_class("01", "甲", ["……", "…"])]).propose("甲乙……") == []
