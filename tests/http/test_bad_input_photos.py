"""坏输入之照片:too large, too many pixels, damaged, disguised, booby-trapped — refused, with nothing left on the disk."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image
from support.http_city import REQUEST_LIMIT, UPLOAD_LIMIT, HttpCity, a_city, jpeg, refused

city = a_city()

DOOR = "/api/v1/attachments"
BOUNDARY = "x" * 20
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(content: bytes, name: str = "a.jpg", field: str = "file") -> bytes:
    """A multipart body with one file, written by hand so that any name can be sent."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="'.encode()
    return head + name.encode("utf-8", "surrogatepass") + b'"\r\n\r\n' + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def png(width: int, height: int, *, chunks: bytes = b"") -> bytes:
    """A one-bit PNG of any size whose pixels are all the same: a few kilobytes that decode to megabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    data = b"".join(rows.compress(row * 256) for _ in range(min(height, 512) // 256 + 1)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + head + chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    data = b"Comment\0\0" + zlib.compress(b"a" * 80 * 2**20, 9)
    return struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))


def picture(kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(out, kind, **more)
    return out.getvalue()


DISGUISED: list[tuple[str, Callable[[], bytes]]] = [
    ("空文件", lambda: b""),
    ("一个字节", lambda: b"\xff"),
    ("网页", lambda: b"<!doctype html><script>alert(document.cookie)</script>"),
    ("矢量图", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    ("动图", lambda: picture("GIF")),
    ("位图", lambda: picture("BMP")),
    ("程序", lambda: b"MZ\x90\0" + b"\0" * 500),
    ("脚本", lambda: b"#!/bin/sh\nrm -rf /\n"),
    ("压缩包", lambda: b"PK\x03\x04" + b"\0" * 100),
    ("照片截去一半", lambda: jpeg(640, 480)[:900]),
    ("只有照片的头", lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\0"),
    ("照片前面有网页", lambda: b"<html><script>x</script>" + jpeg()),
    ("照片里全是乱码", lambda: jpeg()[:200] + b"\x00\xff" * 400),
    ("声称九亿像素", lambda: png(30_000, 30_000)),
    ("声称无穷高", lambda: png(100_000, 2**31 - 1)),
    ("注释是压缩炸弹", lambda: png(32, 32, chunks=text_bomb())),
    ("后言描述语言", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ("图标", lambda: picture("ICO")),
    ("十六进制图", lambda: b"P6 32 32 255\n" + b"\0" * 3072),
]


@pytest.mark.parametrize("content", [row[1] for row in DISGUISED], ids=[row[0] for row in DISGUISED])
async def test_不是照片的照片_拒收_不留文件(city: HttpCity, content: Callable[[], bytes]) -> None:
    client = await city.client()
    async with city.untouched():
        answer = await client.post(DOOR, content=part(content()), headers=MULTIPART)
        body = refused(answer, 422, "attachment.refused")
    assert "a.jpg" in body["zh"]


async def _upload_of(size: int, client: httpx.AsyncClient, *, declared: bool) -> tuple[httpx.Response, int, int]:
    """Send a file of ``size`` bytes: the answer, how much of it was read, and the most that lay in temporary files."""
    read = most = 0
    head, tail = part(b"").split(b"\r\n\r\n", 1)
    head += b"\r\n\r\n"

    async def body() -> AsyncIterator[bytes]:
        nonlocal read, most
        yield head
        while read < size:
            read += 2**16
            most = max(
                most, sum(path.stat().st_size for path in Path(tempfile.gettempdir()).rglob("*") if path.is_file())
            )
            yield b"\xff" * 2**16
        yield tail

    headers = {**MULTIPART, **({"content-length": str(len(head) + size + len(tail))} if declared else {})}
    return await client.post(DOOR, content=body(), headers=headers), read, most


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own for what is written while a request is read."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def test_一百兆的照片_声明了大小_一个字节也不读(city: HttpCity, temporary: Path) -> None:
    async with city.untouched():
        answer, read, _ = await _upload_of(100 * 2**20, await city.client(), declared=True)
        refused(answer, 413, "input.too_large")
    assert read == 0
    assert not list(temporary.iterdir())


async def test_一百兆的照片_不声明大小_读到上限为止_磁盘不满(city: HttpCity, temporary: Path) -> None:
    limit = UPLOAD_LIMIT + REQUEST_LIMIT
    async with city.untouched():
        answer, read, most = await _upload_of(100 * 2**20, await city.client(), declared=False)
        refused(answer, 413, "input.too_large")
    assert read <= limit + 2**17
    assert most <= limit
    assert not list(temporary.iterdir())


async def test_比上限多一个字节也不收(city: HttpCity) -> None:
    client = await city.client()
    async with city.untouched():
        answer = await client.post(DOOR, content=part(jpeg() + b"\0" * UPLOAD_LIMIT), headers=MULTIPART)
        body = refused(answer, 413, "input.too_large")
    assert body["data"]["limit"] == "1 MB"


def exif_photo(**places: object) -> bytes:
    """A photo whose camera wrote whatever is given; ``gps`` and ``exif`` are tag → value."""
    exif = Image.Exif()
    for tag, value in dict(places.get("exif", {})).items():  # type: ignore[call-overload]
        exif.get_ifd(0x8769)[tag] = value
    for tag, value in dict(places.get("gps", {})).items():  # type: ignore[call-overload]
        exif.get_ifd(0x8825)[tag] = value
    return jpeg(exif=exif.tobytes())


def raw_exif(tiff: bytes) -> bytes:
    """A photo with these bytes where EXIF stands."""
    whole, body = jpeg(), b"Exif\0\0" + tiff
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + whole[2:]


def ifd(*entries: tuple[int, int, int, int], after: int = 0) -> bytes:
    """Little-endian TIFF header and one directory at 8."""
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + struct.pack("<I", after)
    )


def zero_denominators() -> bytes:
    """A place in degrees of 0/0, 1/0 and minus zero."""
    directory = struct.pack("<H", 4) + b"".join(
        struct.pack("<HHI", tag, kind, count) + value
        for tag, kind, count, value in (
            (1, 2, 2, b"N\0\0\0"),
            (2, 5, 3, struct.pack("<I", 80)),
            (3, 2, 2, b"E\0\0\0"),
            (4, 5, 3, struct.pack("<I", 104)),
        )
    )
    values = struct.pack("<12I", 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 7)
    return ifd((0x8825, 4, 1, 26)) + directory + b"\0" * 4 + values


TRAPS: list[tuple[str, Callable[[], bytes]]] = [
    ("目录指回自己", lambda: raw_exif(ifd((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), after=8))),
    ("目录在文件之外", lambda: raw_exif(ifd((0x8769, 4, 1, 2**32 - 1), (0x8825, 4, 1, 2**31)))),
    ("声称四十亿个值", lambda: raw_exif(ifd((0x9003, 2, 2**32 - 1, 8), (0x8825, 5, 2**32 - 1, 8)))),
    ("类型不认识", lambda: raw_exif(ifd((0x8769, 77, 3, 9), (0x9003, 0, 0, 0)))),
    ("六万五千个条目", lambda: raw_exif(b"II*\0" + struct.pack("<IH", 8, 65535) + b"\xff" * 60_000)),
    ("只有头", lambda: raw_exif(b"II*\0")),
    ("全是乱码", lambda: raw_exif(bytes(range(256)) * 200)),
    ("空", lambda: raw_exif(b"")),
    ("时间六万字", lambda: exif_photo(exif={36867: "2" * 60_000})),
    ("时间是零月零日", lambda: exif_photo(exif={36867: "0000:00:00 00:00:00"})),
    ("时间在九九九九年", lambda: exif_photo(exif={36867: "9999:12:31 23:59:59", 36881: "-23:59"})),
    ("时间在元年", lambda: exif_photo(exif={36867: "0001:01:01 00:00:00", 36881: "+23:59"})),
    ("时区不成话", lambda: exif_photo(exif={36867: "2026:06:18 07:00:00", 36881: "+99:99; drop"})),
    ("时区有秒", lambda: exif_photo(exif={36867: "2026:06:18 07:00:00", 36881: "+08:00:00.000001"})),
    ("经纬度超出地球", lambda: exif_photo(gps={1: "N", 2: (999.0, 0.0, 0.0), 3: "E", 4: (4e9, 0.0, 0.0)})),
    ("经纬度只有一个数", lambda: exif_photo(gps={1: "N", 2: (39.0,), 3: "E", 4: (117.0,)})),
    (
        "经纬度是文字",
        lambda: raw_exif(ifd((0x8825, 4, 1, 26)) + struct.pack("<HHHI", 1, 4, 2, 4) + b"abcd" + b"\0" * 4),
    ),
    ("分母是零", lambda: raw_exif(zero_denominators())),
    ("方向六万个", lambda: raw_exif(ifd((0x0112, 3, 1, 60_000)))),
    ("二十段拍摄信息", lambda: jpeg()[:2] + raw_exif(b"II*\0" + b"\xff" * 60_000)[2:-700] * 3 + jpeg()[2:]),
]


@pytest.mark.parametrize("content", [row[1] for row in TRAPS], ids=[row[0] for row in TRAPS])
async def test_拍摄信息里的陷阱_不信也不倒(city: HttpCity, content: Callable[[], bytes]) -> None:
    """Either the photo is taken without believing what cannot be true, or it is refused in words."""
    client = await city.client()
    answer = await client.post(DOOR, content=part(content()), headers=MULTIPART)
    if answer.status_code != 201:
        refused(answer, 422, "attachment.refused")
        return
    found = answer.json()
    assert found["lon"] is None or -180 <= found["lon"] <= 180
    assert found["lat"] is None or -90 <= found["lat"] <= 90
    assert (await client.get(found["url"], params={"claim": found["claim"]})).status_code == 200
    used = {"id": found["id"], "claim": found["claim"]}
    opened = await client.post("/api/v1/cases", json=city.body(photos=[used]))
    assert opened.status_code == 201, opened.text
    assert (await (await city.client("shift1")).get(f"/api/v1/cases/{opened.json()['id']}")).status_code == 200


async def test_照片后面附带网页_按照片送出_浏览器不会执行(city: HttpCity) -> None:
    client = await city.client()
    content = jpeg() + b"<html><script>alert(1)</script></html>"
    found = (await client.post(DOOR, content=part(content, "x.html"), headers=MULTIPART)).json()
    assert found["media_type"] == "image/jpeg"
    answer = await client.get(found["url"], params={"claim": found["claim"]})
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "private" in answer.headers["cache-control"]
    small = await client.get(found["thumbnail"], params={"claim": found["claim"]})
    assert b"script" not in small.content


NAMES = [
    ("../../../../etc/passwd", "passwd"),
    ("C:\\Windows\\evil.jpg", None),
    ("照片\u202egpj.exe", "照片gpj.exe"),
    ("a\0b.jpg", None),
    ("换\r\n行: x.jpg", None),
    ('引号".jpg', None),
    ("字" * 400 + ".jpg", "字" * 120),
    ("", None),
    ("...", None),
    ("🕳️.jpg", "🕳️.jpg"),
]


@pytest.mark.parametrize(("name", "kept"), NAMES, ids=[repr(name)[:30] for name, _ in NAMES])
async def test_文件名只是文字_不是路径_也进不了报头(city: HttpCity, name: str, kept: str | None) -> None:
    client = await city.client()
    answer = await client.post(DOOR, content=part(jpeg(colour="blue"), name), headers=MULTIPART)
    if answer.status_code != 201:  # a name that breaks the multipart form breaks the request
        refused(answer)
        return
    found = answer.json()
    assert kept is None or found["name"] == kept
    assert found["name"]
    assert len(found["name"]) <= 120
    assert not set(found["name"]) & {"/", "\0", "\r", "\n", "\u202e"}
    read = await client.get(found["url"], params={"claim": found["claim"]})
    assert read.status_code == 200
    assert read.headers["content-disposition"].isascii()
    folder = city.settings.home / "attachments"
    assert all(path.is_relative_to(folder) and path.stem.isalnum() for path in city.kept_files())


def field(name: str, value: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    return f"{head}\r\n\r\n{value}\r\n--{BOUNDARY}--\r\n".encode()


WRONG_FORMS: list[tuple[str, bytes, dict[str, str], int]] = [
    ("没有文件", field("kind", "report"), MULTIPART, 422),
    ("文件是文字", field("file", "abc"), MULTIPART, 422),
    ("名字不对", part(jpeg(), field="photo"), MULTIPART, 422),
    ("分界不对", part(jpeg()), {"content-type": "multipart/form-data; boundary=other"}, 400),
    ("没有结尾", part(jpeg())[:-30], MULTIPART, 400),
    ("空的表单", b"", MULTIPART, 422),
    ("是JSON", b'{"file":"a"}', {"content-type": "application/json"}, 422),
    ("是网址编码", b"file=abc", {"content-type": "application/x-www-form-urlencoded"}, 422),
    ("分界过长", part(jpeg()), {"content-type": "multipart/form-data; boundary=" + "y" * 5000}, 400),
    ("头部无穷", f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 60_000, MULTIPART, 400),
    ("一千零一个部分", b"".join(part(b"", field=f"f{n}")[:-26] + b"\r\n" for n in range(1100)) + part(jpeg()), MULTIPART, 400),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "headers", "status"), [row[1:] for row in WRONG_FORMS], ids=[row[0] for row in WRONG_FORMS]
)
async def test_不成形的上传_拒绝_不留文件(
    city: HttpCity, content: bytes, headers: dict[str, str], status: int, temporary: Path
) -> None:
    client = await city.client()
    async with city.untouched():
        answer = await client.post(DOOR, content=content, headers=headers)
        refused(answer)
    assert answer.status_code in {status, 422}
    assert not list(temporary.iterdir())


async def test_种类不认识_拒绝(city: HttpCity) -> None:
    client = await city.client("city-handler")
    async with city.untouched():
        answer = await client.post(DOOR, files={"file": ("a.jpg", jpeg())}, data={"kind": "evidence"})
        assert refused(answer, 422)["errors"][0]["where"] == "/kind"


async def test_他人的照片_没有凭据看不到_和不存在的一样(city: HttpCity) -> None:
    client = await city.client()
    found = (await client.post(DOOR, files={"file": ("a.jpg", jpeg())})).json()
    opened = (
        await client.post("/api/v1/cases", json=city.body(photos=[{"id": found["id"], "claim": found["claim"]}]))
    ).json()
    bound, unknown = found["url"], f"{DOOR}/00000000-0000-7000-8000-000000000000"
    for login in (None, "water-desk", "sysadmin"):
        reader = await city.client(login)
        for path in ("", "/thumbnail"):
            for claim in ("", "wrong-claim", found["claim"][:-1], "ключ"):
                refusals = [
                    refused(await reader.get(one + path, params={"claim": claim}), 404) for one in (bound, unknown)
                ]
                for body in refusals:
                    body.pop("instance")
                assert refusals[0] == refusals[1]
    assert (await (await city.client("shift1")).get(bound)).status_code == 200
    assert opened["number"]
