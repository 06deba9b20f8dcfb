"""What may be granted is said in words, in both languages, and an unknown address answers without codes."""

from __future__ import annotations

import re

import httpx

from tests.http.conftest import signed_in
from yiwang.http.trial import Trial
from yiwang.kernel.grant_words import kind_words, verb_words
from yiwang.packs.check.grants import known_verbs

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_每种可授予的权限都有中英文名称() -> None:
    known = known_verbs()
    for pair in (*map(kind_words, known), *map(verb_words, frozenset[str]().union(*known.values()))):
        assert CHINESE.search(pair[0]), pair
        assert not CHINESE.search(pair[1]), pair


async def test_角色页拿得到权限的名称_登记类型也有(city: Trial) -> None:
    client = await signed_in(city, "secadmin")
    answer = (await client.get("/api/v1/administration/grant-kinds")).json()
    roles = (await client.get("/api/v1/roles")).json()["items"]
    types = (await client.get("/api/v1/types")).json()["items"]
    await client.aclose()
    kinds = {one["kind"]: one["names"] for one in answer["items"]}
    assert kinds["case"] == {"zh": "案件", "en": "cases"}
    for one in types:
        assert one["names"]["zh"] in kinds[f"thing-{one['id']}"]["zh"]
    verbs = {one["verb"] for one in answer["verbs"]}
    assert verbs >= {verb for one in answer["items"] for verb in one["verbs"]}
    granted = [grant for role in roles for grant in role["grants"]]
    assert verbs >= {verb for grant in granted for verb in grant["verbs"]}
    assert kinds.keys() >= {grant["kind"] for grant in granted}


async def test_地址不存在时给人看的页面不说代码_回到同一个门户(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/nonsense", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "not_found" not in page.text
    assert 'href="/report"' in page.text
    plain = await visitor.get("/plain/nonsense", headers={"accept": "text/html"})
    assert 'href="/plain/report">' in plain.text
    assert 'class="button" href="/plain/"' in plain.text
