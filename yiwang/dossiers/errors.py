"""What files refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class DossierUnknown(Problem):
    code = "dossier.unknown"
    status = 404
    zh = "“{type}”没有档案;请在登记类型中声明 dossier。"
    en = "Things of the type “{type}” have no file; declare a dossier in the type."
