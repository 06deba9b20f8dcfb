"""The dispatch table: the first row that fits names department, limit and reason."""

from yiwang.casework.declarations import DispatchTable
from yiwang.casework.dispatch import CompiledTable, Facts

TABLE = CompiledTable(
    DispatchTable.model_validate(
        {
            "id": "t",
            "names": {"zh": "表", "en": "table"},
            "rows": [
                {
                    "classes": ["99990"],
                    "when": "text.contains('熄火')",
                    "department": "emergency",
                    "limit": "1紧急工作时",
                    "reason": {"zh": "车辆受困", "en": "cars are stuck"},
                },
                {"classes": ["999*"], "department": "water", "reason": {"zh": "积水归水务", "en": "water"}},
                {"areas": ["120111001"], "department": "street", "reason": {"zh": "属地", "en": "local"}},
            ],
        }
    )
)


def _facts(code: str, text: str = "", area: str = "120111") -> Facts:
    return Facts(code, area, text, "hotline", "normal")


def test_第一条符合的规则生效() -> None:
    advice = TABLE.advise(_facts("99990", "车都熄火了"))
    assert advice is not None
    assert (advice.department, advice.limit, advice.row) == ("emergency", "1紧急工作时", 1)


def test_前缀匹配与属地匹配() -> None:
    assert TABLE.advise(_facts("99990", "积水")).department == "water"  # type: ignore[union-attr]
    assert TABLE.advise(_facts("06010", area="120111001002")).department == "street"  # type: ignore[union-attr]


def test_表里没有就不说() -> None:
    assert TABLE.advise(_facts("06010", area="120111002")) is None
