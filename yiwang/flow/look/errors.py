"""What cannot be drawn or measured, with words that say what to do."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class DrawingTooLarge(Problem):
    code = "flow.drawing_too_large"
    status = 422
    zh = "流程太大,无法自动排版({count} 处,上限 {most})。请用建模工具画好图形再发布,或拆分为子流程。"
    en = (
        "The flow is too large to be laid out ({count} places, at most {most}). "
        "Draw it in a modeler before publishing, or split it into sub-processes."
    )
