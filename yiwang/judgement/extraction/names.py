"""Place names that no list knows (未登录地名): found by how Chinese names end and by the words that cannot be part of one.

路 街 小区 花园 学校 … end a name; a preposition, a verb of complaint, an area's name or punctuation begins it. Owns these
word lists; promises offsets in characters of the given text, no overlap, and work that grows with the length only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

NameKind = Literal["road", "estate", "community", "facility", "line"]

_KINDS: dict[NameKind, str] = {
    "line": "地铁[0-9一二三四五六七八九十]+号线 号线",
    "road": "[东南西北][一二三四五六七八九十]线 高速公路 快速路 大道 大街 公路 胡同 立交桥 高架 路 街(?!道) 巷 弄",
    "estate": (
        "小区 花园 家园 公馆 新城 新村 公寓 山庄 国际城 安置房 广场 大厦 楼盘 名邸 华府 华庭 商贸城 水岸 世家 豪庭 "
        "苑 郡 墅 湾 (?<!环)(?<!出)(?<!入)(?<!过)(?<!处)(?<!困)(?<!意)(?<!边)境 (?<!政)府"
    ),
    "community": "社区 居委会 街道 村 镇 (?<!城)乡",
    "facility": (
        "小学 中学 幼儿园 大学 学院 学校 医院 公园 汽车站 地铁站 火车站 火车南站 汽车[东西南北]站 菜市场 市场 物流园 工业园 "
        "产业园 搅拌站 加油站 水库 (?<!江)湖"
    ),
}
_SUFFIX = re.compile(
    "|".join(f"(?P<{kind}>{'|'.join(sorted(words.split(), key=len, reverse=True))})" for kind, words in _KINDS.items())
)

# What stands before a name and is none of it, the longest first; an area's own name ends with 省市区县旗.
_BEFORE = re.compile(
    "[A-Za-z]?[0-9]*(?<![小社园城街地校库片景辖])[省市县区旗](?!场|民|政)|街道|镇(?!.{0,1}[路街])|"
    "位于|居住在|投诉|反映|举报|建议|咨询|请问|关于|希望|请求|强烈|导致|影响|造成|破坏|未经|地处|坐落|占用|进入|解决|改造|整治|治理|修复|维修|拆除|取缔|加强|清理|感谢|呼吁|恳求|开展|"
    "呢|吗|吧|政府|重视|官宣|预计|取消|召开|穿越|包括|附近的?|旁边的?|周边的?|对面的?|我们|我是|本人|业主|居民|村民|以及|或者|还有|"
    "因为|由于|经过|前往|来自|购买|[在的和与至到往从及或是有对于将由向就给让请把被为我你他她这那该此本各每某其了着过而据距沿]"
)
_ORDINARY = """
一 二 三 四 五 六 七 八 九 十 两 几 个 条 整个 整条 多个 多条 所有 全 老 老旧 新 旧 大 小 上 下 前 后 左 右 里 外 内
中 周围 附近 旁边 农 城 乡 道 马 公 铁 修 走 过 让 占 堵 挖 断 出 一条 一个 几个 主 主干 次干 支 人行 车行 水泥 柏油
沥青 泥 土 山 高速 普通 单行 政 学 官 购物 商业 步行 居民 住宅 商品 安置 封闭式 开放式 高档 别的 隔壁 其他 其它 别
邻近 临 靠近 我市 我省 住 封闭 县 市 区 新建 公办 民办 私立 公立 国办 普惠 配套 重点 优质 农贸 集贸 房地产 房产
劳动力 楼 线 电 网 思 销 套 门 活 退 回 半 绝 生 末 活动 自然 行政 还 因 建 等 现 目前 两个 大型 进出 畔 条道 十字
必经之 断头 公交线 线路 医 公司 单位 当地 门口 沿线 小区 社区 街道 人民 中心 妇幼 中医 第一 第二 第三 三甲 停车 上班
放学 开发 经济 技术 市政 港 海 海港 人才 租赁 金融 资本 股票 二手房 楼市
"""
_NOT_A_NAME = frozenset(_ORDINARY.split())
_RUN = re.compile("[\u4e00-\u9fff\\dA-Za-z·.]+")
_LONGEST = 10
_SHORTEST_ONE_CHARACTER_SUFFIX = 2
_TRAILING = re.compile("(?:小区|社区|楼盘)$")


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name at ``text[start:end]``; ``stem`` is the name without a word such as 小区 behind it."""

    start: int
    end: int
    name: str
    stem: str
    kind: NameKind


def find_names(text: str) -> Iterator[FoundName]:
    """Names in the order of the text; they do not overlap."""
    taken = 0
    for run in _RUN.finditer(text):
        base, stretch = run.start(), run.group()
        for suffix in _SUFFIX.finditer(stretch):
            end = base + suffix.end()
            first = max(base, taken, base + suffix.start() - _LONGEST)
            window = text[first : base + suffix.start()]
            cut = 0
            for before in _BEFORE.finditer(window):
                cut = before.end()
            body = window[cut:].lstrip(".·")
            if not _plausible(body, suffix.group()):
                continue
            if text.startswith(("小区", "社区"), end):
                end += 2
            start = base + suffix.start() - len(body)
            name = text[start:end]
            yield FoundName(start, end, name, _TRAILING.sub("", name), _kind(suffix))
            taken = end


def _kind(suffix: re.Match[str]) -> NameKind:
    return next(kind for kind in _KINDS if suffix.group(kind))


def _plausible(body: str, suffix: str) -> bool:
    if suffix.startswith("地铁"):
        return True
    if suffix[0] in "东南西北" and suffix.endswith("线"):
        return not body
    if suffix == "号线":
        return body.isdigit()
    if body in _NOT_A_NAME or body.isdigit():
        return False
    return len(body) >= (_SHORTEST_ONE_CHARACTER_SUFFIX if len(suffix) == 1 or suffix in ("市场", "学校") else 1)
