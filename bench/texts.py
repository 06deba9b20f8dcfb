"""Reports as residents word them: composed from parts whose frequencies fall as in real language (Zipf), in Chinese.

The same seed gives the same texts. What they speak of comes from the words of the published classes, so that the rules
classify them as they do real ones.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.casework.catalogue import CaseType
from yiwang.kernel.text import search_terms


def _words(text: str) -> list[str]:
    return text.split()


ROADS = _words(
    "西青道 友谊南路 外环西路 柳口路 青致路 新华道 中北大道 卫津南路 梅林路 复康路 秀川路 芥园西道 津静公路 姚村路 张家窝大道 "
    "知景道 学府工业区北路 万卉路 溪秀路 利丰道 海泰大道 榕苑路 兰苑路 宾水西道 津涞公路 阜锦道 阜盛道 祥和大道 兴华道 民和道 "
    "赛达大道 兴业道 储源道 团泊大道 独流减河北堤路 京福公路 大沽南路 鄱阳路 洪泽路 珠江道 泗水道 解放南路 昌凌路 凌奥道 丽江道"
)
PLACES = _words(
    "小区门口 菜市场东门 公交站旁 学校北侧 地铁口 医院对面 幼儿园附近 十字路口西南角 桥下 河边步道 社区服务中心旁 停车场入口 "
    "商场后门 居民楼下 物业办公室前 绿化带内 工地围挡外 加油站对面 公园南门 药店门前 胡同口 铁道口 立交桥下 广场西侧 村委会旁"
)
SINCE = _words(
    "已经好几天了 昨天晚上开始 今天早上发现 一个多星期没人管 下雨以后就这样 从上个月到现在 反映过两次 每天夜里都这样 刚刚发生 "
    "周末尤其严重 前天大风以后 春节前就有 修过一次又坏了 断断续续半年了"
)
EFFECTS = _words(
    "影响通行 很不安全 老人孩子走路危险 味道很大 晚上看不见路 影响休息 堵住了半条路 差点绊倒人 车辆只能绕行 影响市容 "
    "招来很多苍蝇 存在安全隐患 电动车摔了一跤 雨水排不下去 周围居民意见很大 盲道被占用"
)
REQUESTS = _words(
    "请尽快处理 请派人来看看 希望有关部门解决 请给个答复 麻烦尽快维修 请清理 请协调解决 希望加强巡查 请安排专人负责 "
    "请告知处理时间 盼回复"
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志鹏飞"


@dataclass(frozen=True, slots=True)
class Telling:
    """A text with where it says it is, the class that the rules give it, and the words under which it is found.

    ``road`` is the address without its house number; ``terms`` are those of text, address and class name without the
    number, which is one term of its own.
    """

    text: str
    road: str
    class_code: str
    terms: tuple[str, ...]


class Teller:
    """Makes texts; each call of :meth:`tell` the next one."""

    def __init__(self, case_type: CaseType, seed: int) -> None:
        self._type = case_type
        self._chance = random.Random(seed)
        classes = [item for item in case_type.tree.classes if item.words]
        self._chance.shuffle(classes)
        self._words = [item.words for item in classes]
        self._class_weights = _zipf(len(classes))

    def _of(self, parts: Sequence[str]) -> str:
        return self._chance.choices(parts, cum_weights=_zipf(len(parts)))[0]

    def text(self) -> tuple[str, str]:
        """(text, road)."""
        thing = self._chance.choice(self._chance.choices(self._words, cum_weights=self._class_weights)[0])
        road, place = self._of(ROADS), self._of(PLACES)
        tail = [
            part for part in (self._of(SINCE), self._of(EFFECTS), self._of(REQUESTS)) if self._chance.random() < 0.8
        ]
        words = "{}{}{},{}".format(road, place, thing, ",".join(tail)) if tail else f"{road}{place}{thing}"
        return f"{words}。", road

    def tell(self) -> Telling:
        """A text, classified by the rules of the case type."""
        text, road = self.text()
        proposals = self._type.words.propose(text, 1)
        code = proposals[0].code if proposals else self._type.declaration.default_class or ""
        name = self._type.class_name(code)
        # the house number stands between two stretches of Chinese, as a term of its own; a blank splits them alike
        terms = search_terms(f"{text}\n{road} 号\n{name}")
        return Telling(text, road, code, tuple(terms))

    def distinct(self, count: int) -> list[Telling]:
        """``count`` tellings with different texts."""
        found: dict[str, Telling] = {}
        for _ in itertools.repeat(None, count * 20):
            telling = self.tell()
            found.setdefault(telling.text, telling)
            if len(found) == count:
                return list(found.values())
        raise RuntimeError(f"only {len(found)} different texts could be made")

    def name(self) -> str:
        return self._chance.choice(SURNAMES) + "".join(self._chance.choices(GIVEN, k=self._chance.choice((1, 2))))

    def phone(self) -> str:
        return f"13{self._chance.randrange(10**9):09d}"


def _zipf(count: int) -> list[float]:
    """Cumulative weights 1, 1/2, 1/3 …"""
    return list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))
