"""A document from the step that issues it to the stranger who checks it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.http_city import HttpCity

from yiwang.casework.model import Opened
from yiwang.documents.errors import DocumentIncomplete
from yiwang.http.app_files import bundle
from yiwang.kernel import sm2

FONTS = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")
needs_fonts = pytest.mark.skipif(not FONTS.exists(), reason="fonts-noto-cjk is not installed")


async def closed(city: HttpCity, text: str = "学校门口垃圾桶满了没人收") -> Opened:
    opened = await city.report(text)
    await city.to(opened, "close")
    await city.step(opened.id, "close", note="已清运并增设一只垃圾桶")
    return opened


async def papers(city: HttpCity, opened: Opened) -> dict[str, Any]:
    client = await city.client("city-desk")
    found = await client.get("/api/v1/documents", params={"case": str(opened.id)})
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


async def number_and_code(city: HttpCity, opened: Opened) -> dict[str, str]:
    """As the party reads it in the portal."""
    anyone = await city.client()
    answer = await anyone.post("/api/v1/documents/delivered", json={"number": opened.number, "code": opened.code})
    assert answer.status_code == 200, answer.text
    item = answer.json()["items"][0]
    return {"number": item["number"], "code": item["code"]}


async def test_结案这一步出具答复书_同一事务_写入经过(city: HttpCity) -> None:
    opened = await closed(city)
    found = await papers(city, opened)
    (item,) = found["items"]
    assert item["number"].startswith("区城市管理委城管复〔2026〕第")
    assert (item["state"], item["version"], item["office"]) == ("issued", 1, "区城市管理委")
    assert [each["type"] for each in found["offered"]] == ["handling-reply", "statement"]
    assert (await city.verbs(opened.id)).count("case.document_issued") == 1


async def test_缺内容时这一步不能完成_不占文号(city: HttpCity) -> None:
    opened = await city.report("路灯不亮")
    await city.to(opened, "close")
    with pytest.raises(DocumentIncomplete) as refused:
        await city.step(opened.id, "close")
    assert refused.value.data["missing"] == "本步意见"
    assert (await city.task(opened.id)).node == "close"
    before = await last(city)
    await city.step(opened.id, "close", note="已修复")
    assert await last(city) == before + 1


async def test_其他结果不出具(city: HttpCity) -> None:
    opened = await city.report("路面坑洼")
    await city.to(opened, "close")
    await city.step(opened.id, "rework", note="再看一次")
    assert (await papers(city, opened))["items"] == []


async def last(city: HttpCity) -> int:
    async with city.services.context.database.connection() as connection:
        found: int = await connection.fetchval(
            "select coalesce(max(last), 0) from document_counter c join organisation o on o.id = c.organisation_id"
            " where o.code = 'city-management'"
        )
        return found


async def test_文号连续_并发出具也没有空号(city: HttpCity) -> None:
    cases = [await city.report(f"第{number}处垃圾成堆") for number in range(6)]
    for opened in cases:
        await city.to(opened, "close")
    await asyncio.gather(*(city.step(opened.id, "close", note="已处理") for opened in cases))
    async with city.services.context.database.connection() as connection:
        rows = await connection.fetch("select organisation_id, year, serial from document order by 1, 2, 3")
    seen: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        seen.setdefault((row["organisation_id"], row["year"]), []).append(row["serial"])
    assert all(serials == list(range(1, len(serials) + 1)) for serials in seen.values())
    assert sum(len(serials) for serials in seen.values()) >= 6


async def test_只有本部门的岗位能出具_作废(city: HttpCity) -> None:
    opened = await closed(city)
    (item,) = (await papers(city, opened))["items"]
    for login, status in (("dispatcher1", 403), ("water-desk", 404)):
        client = await city.client(login)
        answer = await client.post("/api/v1/documents", json={"case": str(opened.id), "type": "handling-reply"})
        assert answer.status_code == status, answer.text
        answer = await client.post(f"/api/v1/documents/{item['id']}/void", json={"reason": "写错了"})
        assert answer.status_code == status, answer.text
    desk = await city.client("city-desk")
    answer = await desk.post("/api/v1/documents", json={"case": str(opened.id), "type": "no-such"})
    assert (answer.status_code, answer.json()["code"]) == (422, "document.type_unknown")
    assert (await (await city.client()).get(f"/api/v1/documents/{item['id']}/pdf")).status_code == 401


@needs_fonts
async def test_陌生人核验_文号_文件_签名(city: HttpCity, tmp_path: Path) -> None:
    opened = await closed(city)
    held, anyone = await number_and_code(city, opened), await city.client()
    checked = await anyone.post("/api/v1/documents/check", json=held)
    assert checked.status_code == 200, checked.text
    said = checked.json()
    assert (said["result"], said["office"], said["number"]) == ("valid", "区城市管理委", held["number"])
    assert opened.number not in checked.text
    assert "垃圾" not in checked.text, "nothing of the case is told"

    pdf = (await anyone.post("/api/v1/documents/copy", json=held)).content
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile3" in pdf or b"/FontFile2" in pdf or b"ObjStm" in pdf
    assert len(pdf) < 400_000, "fonts are embedded as subsets"
    key = (await anyone.get(f"/api/v1/documents/keys/{said['key']['id']}")).json()
    assert key == said["key"]
    assert sm2.verify(key["public_key"], pdf, said["signature"])
    assert sm2.verify(key["public_key"], key["statement"].encode(), key["proof"])
    desk = await city.client("city-desk")
    (item,) = (await papers(city, opened))["items"]
    signature = (await desk.get(f"/api/v1/documents/{item['id']}/signature")).content
    assert signature == sm2.der(said["signature"])
    if shutil.which("openssl"):
        for name, content in (("d.pdf", pdf), ("d.sig", signature), ("k.pem", key["public_key_pem"].encode())):
            (tmp_path / name).write_bytes(content)
        told = await asyncio.to_thread(
            subprocess.run,
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k.pem", "-rawin", "-digest", "sm3", "-pkeyopt",
             f"distid:{key['signer_id']}", "-in", "d.pdf", "-sigfile", "d.sig"],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip
        assert b"Verified Successfully" in told.stdout

    assert (await by_file(city, pdf))["result"] == "valid"
    assert (await by_file(city, pdf[:-1] + b"X"))["result"] == "unknown"
    assert (await by_file(city, b"%PDF-1.7 something else"))["result"] == "unknown"
    wrong = await anyone.post("/api/v1/documents/check", json={**held, "code": "2222-2222-2222"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "document.check_failed")


async def by_file(city: HttpCity, pdf: bytes) -> dict[str, Any]:
    anyone = await city.client()
    answer = await anyone.post("/api/v1/documents/check-file", files={"file": ("d.pdf", pdf, "application/pdf")})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@needs_fonts
async def test_库中的文件被改_签名不成立(city: HttpCity) -> None:
    opened = await closed(city)
    held, anyone = await number_and_code(city, opened), await city.client()
    assert (await anyone.post("/api/v1/documents/check", json=held)).json()["result"] == "valid"
    async with city.services.context.database.connection() as connection:
        await connection.execute("update document set pdf = pdf || '\\x0a' where number = $1", held["number"])
    assert (await anyone.post("/api/v1/documents/check", json=held)).json()["result"] == "altered"


@needs_fonts
async def test_作废和更换_旧号不再有效_新号代替(city: HttpCity) -> None:
    opened = await closed(city)
    old, anyone, desk = await number_and_code(city, opened), await city.client(), await city.client("city-desk")
    pdf = (await anyone.post("/api/v1/documents/copy", json=old)).content
    (item,) = (await papers(city, opened))["items"]
    by_hand = await desk.post("/api/v1/documents", json={"case": str(opened.id), "type": "handling-reply"})
    # The note was given with the step; what is issued by hand has none, and the template needs it.
    assert (by_hand.status_code, by_hand.json()["code"]) == (422, "document.incomplete")
    replacing = await desk.post(f"/api/v1/documents/{item['id']}/replace", json={"reason": "地点写错"})
    assert replacing.status_code == 201, replacing.text
    newer = replacing.json()
    assert newer["version"] == 2
    said = (await anyone.post("/api/v1/documents/check", json=old)).json()
    assert (said["result"], said["replaced_by"]) == ("replaced", newer["number"])
    assert (await by_file(city, pdf))["result"] == "replaced"
    again = await desk.post(f"/api/v1/documents/{item['id']}/void", json={"reason": "再作废"})
    assert (again.status_code, again.json()["code"]) == (409, "document.ended")
    short = await desk.post(f"/api/v1/documents/{newer['id']}/void", json={"reason": "x"})
    assert (short.status_code, short.json()["code"]) == (422, "document.reason_needed")
    voided = await desk.post(f"/api/v1/documents/{newer['id']}/void", json={"reason": "不再需要"})
    assert (voided.status_code, voided.json()["state"]) == (200, "void")
    held = await number_and_code(city, opened)
    assert held["number"] == newer["number"]
    assert (await anyone.post("/api/v1/documents/check", json=held)).json()["result"] == "void"
    verbs = await city.verbs(opened.id)
    assert verbs[-3:] == ["case.document_replaced", "case.document_issued", "case.document_voided"]


@needs_fonts
async def test_后台排版签名_门户页面和核验页面(city: HttpCity) -> None:
    opened = await closed(city)
    assert await city.services.documents.making.keep_up() in (True, False)
    (item,) = (await papers(city, opened))["items"]
    assert item["digest"]
    anyone = await city.client()
    page = await anyone.post("/plain/follow", data={"number": opened.number, "code": opened.code})
    assert page.status_code == 200
    assert item["number"] in page.text
    held = await number_and_code(city, opened)
    entrance = await anyone.get("/verify")  # printed on the paper: the application's page, or the plain one without it
    if bundle() is None:
        assert (entrance.status_code, entrance.headers["location"]) == (303, "/plain/verify")
    else:
        assert (entrance.status_code, entrance.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await anyone.get("/plain/verify")).status_code == 200
    page = await anyone.post("/plain/verify", data=held)
    assert "有效" in page.text
    assert opened.number not in page.text
    copy = await anyone.post("/plain/verify", data={**held, "act": "copy"})
    assert copy.content.startswith(b"%PDF")
    page = await anyone.post("/plain/verify-file", files={"file": ("a.pdf", copy.content, "application/pdf")})
    assert "有效" in page.text
    page = await anyone.post("/plain/verify", data={**held, "code": "AAAA"})
    assert page.status_code == 404


async def test_新的一年从一号开始(city: HttpCity) -> None:
    await city.until(city.now() + timedelta(days=200))
    opened = await closed(city, "跨年后的垃圾")
    (item,) = (await papers(city, opened))["items"]
    assert item["number"].endswith("〔2027〕第1号")


@needs_fonts
async def test_手工出具_不送达的当事人看不到_含个人信息的查看留痕(city: HttpCity) -> None:
    opened = await city.report("广告牌松动")
    await city.to(opened, "close")
    desk, anyone = await city.client("city-desk"), await city.client()
    issued = await desk.post("/api/v1/documents", json={"case": str(opened.id), "type": "statement"})
    assert issued.status_code == 201, issued.text
    assert issued.json()["office"] == "区城市运行管理中心"
    assert "说〔2" in issued.json()["number"]
    handed = await anyone.post("/api/v1/documents/delivered", json={"number": opened.number, "code": opened.code})
    assert handed.json()["items"] == []
    door = f"/api/v1/documents/{issued.json()['id']}/pdf"
    assert (await (await city.client("dispatcher1")).get(door)).status_code == 403
    read = await desk.get(door)
    assert read.content.startswith(b"%PDF")
    assert (await city.verbs(opened.id))[-1] == "case.document_read"
