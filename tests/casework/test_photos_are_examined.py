"""Uploaded photos: type by content, limits, EXIF time and place, hostile files."""

import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from yiwang.casework.errors import AttachmentRefused
from yiwang.casework.photos import THUMBNAIL_SIDE, look

CHINA = ZoneInfo("Asia/Shanghai")


def _jpeg(exif: Image.Exif | None = None, size: tuple[int, int] = (1200, 800)) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", size, "green")
    image.save(out, "JPEG", **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return path


def test_照片的拍摄时间和位置被保留(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:06:18 08:30:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(39), IFDRational(5), IFDRational(2436, 100))
    gps[3], gps[4] = "E", (IFDRational(117), IFDRational(0), IFDRational(36))
    found = look(_file(tmp_path, _jpeg(exif)), "a.jpg", CHINA)
    assert found.taken_at == datetime(2026, 6, 18, 0, 30, tzinfo=UTC)
    assert (found.lon, found.lat) == (117.01, 39.0901)
    assert found.media_type == "image/jpeg"


def test_缩略图不带元数据(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:06:18 08:30:00"
    found = look(_file(tmp_path, _jpeg(exif)), "a.jpg", CHINA)
    assert found.thumbnail is not None
    small = Image.open(io.BytesIO(found.thumbnail))
    assert max(small.size) <= THUMBNAIL_SIDE
    assert not small.getexif()


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"GIF89a" + b"\0" * 50,
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
        b"x" * 10,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 30,
    ],
)
def test_不是照片的文件被拒绝(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(AttachmentRefused):
        look(_file(tmp_path, content), "a.jpg", CHINA)


def test_像素炸弹在解码之前被拒绝(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(AttachmentRefused, match="million pixels"):
        look(_file(tmp_path, out.getvalue()), "bomb.png", CHINA)


def test_坏的EXIF不影响照片(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "9999:99:99 99:99:99"
    gps = exif.get_ifd(0x8825)
    gps[2] = (IFDRational(1, 0), IFDRational(0), IFDRational(0))
    found = look(_file(tmp_path, _jpeg(exif)), "a.jpg", CHINA)
    assert (found.taken_at, found.lon, found.lat) == (None, None, None)


def test_PDF可以接收但没有缩略图(tmp_path: Path) -> None:
    found = look(_file(tmp_path, b"%PDF-1.7\n..."), "a.pdf", CHINA)
    assert (found.media_type, found.thumbnail) == ("application/pdf", None)
