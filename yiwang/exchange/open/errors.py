"""What the doors of open data refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class DatasetUnknown(Problem):
    code = "open.dataset_unknown"
    status = 404
    zh = "没有名为“{id}”的开放数据集,或者它已撤回;请从目录中重新查找。"
    en = "There is no open dataset “{id}”, or it was withdrawn; look for it in the catalogue."


class RowUnknown(Problem):
    code = "open.row_unknown"
    status = 404
    zh = "数据集“{dataset}”中没有编号为“{id}”的记录。"
    en = "The dataset “{dataset}” holds no record “{id}”."


class QueryInvalid(Problem):
    code = "open.query_invalid"
    status = 400
    zh = "参数 {name} 不正确:{reason_zh}。"
    en = "The parameter {name} is wrong: {reason_en}."


class TooDear(Problem):
    code = "open.too_dear"
    status = 422
    zh = "这样的查询要读的数据太多,已经停止;请加上范围或条件,或者下载整个文件。"
    en = "This query would read too much and was stopped; bound it by place or condition, or take the whole file."
