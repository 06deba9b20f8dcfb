"""Model cards: what a model learned from, how good it is, and what it must not be used for; kept inside the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from yiwang.judgement.classification.learned import LearnedModel
from yiwang.judgement.classification.model import Figures
from yiwang.judgement.classification.training import Trained

_USES = (
    "建议分类,由人确认;不足阈值时不代人选择",
    "Suggests a class that a person confirms; below the threshold it leaves the choice to a person",
    "只看文本与上报的渠道、区域、时间;不含上报人的姓名、号码、户籍",
    "Reads the text, channel, area and time only; nothing of the person who reports",
    "不得用于评价居民或工作人员",
    "Not to be used to judge residents or staff",
)


@dataclass(frozen=True, slots=True)
class Card:
    """The card's figures beside what is printed of it."""

    figures: Figures
    content: dict[str, object]


def with_card(trained: Trained, source: str, at: datetime, seconds: float) -> tuple[LearnedModel, Card]:
    """The model with its card. ``source`` says what it learned from; ``seconds`` is processor time."""
    found = trained.held_out
    content: dict[str, object] = {
        "source": source,
        "trained_at": at.isoformat(timespec="seconds"),
        "texts": found.texts,
        "labels": len(trained.model.labels),
        "features": len(trained.model.vocabulary.hashes),
        "method": "one-vs-rest linear SVM on words, character pairs and title, log-count-ratio scaled; calibrated",
        "threshold": trained.model.threshold,
        "held_out": "5-fold cross-validation, alike texts in one fold",
        "macro_f1": round(found.macro_f1, 4),
        "accuracy": round(found.accuracy, 4),
        "among_first_three": round(found.top_three, 4),
        "calibration_error": round(found.calibration_error, 4),
        "sure": round(found.sure, 4),
        "right_when_sure": None if found.sure_right is None else round(found.sure_right, 4),
        "processor_seconds": round(seconds, 1),
        "classes": [{"class": item.label, "texts": item.support, "f1": round(item.f1, 4)} for item in found.classes],
        "use": list(_USES),
    }
    return replace(trained.model, card=content), Card(found, content)
