"""Looking at an uploaded file: what it really is, its size, and the time and place its camera wrote (EXIF 2.3).

Nothing in the file is trusted: type by content, pixels limited before decoding, EXIF read defensively. The original bytes
are kept as they came (evidence); a thumbnail without metadata is what lists show.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from yiwang.casework.errors import AttachmentRefused

PIXEL_LIMIT = 60_000_000
EXIF_LIMIT = 256 * 1024
THUMBNAIL_SIDE = 480
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class Look:
    """What a file turned out to be. ``taken_at`` is UTC; ``lon``, ``lat`` are WGS-84 degrees as the camera wrote them."""

    media_type: str
    width: int | None
    height: int | None
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    thumbnail: bytes | None


def look(path: Path, name: str, zone: tzinfo) -> Look:
    """Examine the file at ``path`` (blocking: call it in a thread). ``zone`` reads EXIF times that name no zone.

    Raises:
        AttachmentRefused: not a JPEG, PNG, WebP or PDF, too many pixels, damaged.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"%PDF-"):
        return Look("application/pdf", None, None, None, None, None, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=tuple(_TYPES)) as image:
                return _image(image, name, zone)
    except UnidentifiedImageError as error:
        raise _refused(
            name, "只接收 JPEG、PNG、WebP 照片和 PDF 文件", "only JPEG, PNG, WebP and PDF are taken"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name) from error
    except (OSError, SyntaxError, ValueError, MemoryError) as error:
        raise _refused(name, "文件已损坏,无法打开", "the file is damaged and cannot be opened") from error


def _image(image: Image.Image, name: str, zone: tzinfo) -> Look:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise _too_many_pixels(name)
    taken_at, lon, lat = _exif(image, zone)
    media_type = _TYPES[str(image.format)]
    image.draft("RGB", (THUMBNAIL_SIDE * 2, THUMBNAIL_SIDE * 2))
    small = ImageOps.exif_transpose(image)
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    out = io.BytesIO()
    small.convert("RGB").save(out, "JPEG", quality=80)
    return Look(media_type, width, height, taken_at, lon, lat, out.getvalue())


def _exif(image: Image.Image, zone: tzinfo) -> tuple[datetime | None, float | None, float | None]:
    raw = image.info.get("exif", b"")
    if not raw or len(raw) > EXIF_LIMIT:
        return None, None, None
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (ValueError, SyntaxError, OSError, KeyError, TypeError):
        return None, None, None
    return (
        _taken(details.get(ExifTags.Base.DateTimeOriginal), details.get(ExifTags.Base.OffsetTimeOriginal), zone),
        _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W", 180),
        _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S", 90),
    )


def _taken(text: object, offset: object, zone: tzinfo) -> datetime | None:
    try:
        local = datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
        if isinstance(offset, str) and offset.strip():
            local = datetime.fromisoformat(local.replace(tzinfo=None).isoformat() + offset.strip())
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _degrees(parts: object, reference: object, negative: str, limit: float) -> float | None:
    try:
        if not isinstance(parts, tuple | list):
            return None
        degrees, minutes, seconds = (float(part) for part in parts)
        value = degrees + minutes / 60 + seconds / 3600
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if str(reference).upper() == negative:
        value = -value
    return round(value, 7) if abs(value) <= limit else None


def _refused(name: str, why_zh: str, why_en: str) -> AttachmentRefused:
    return AttachmentRefused(name=name[:100], why_zh=why_zh, why_en=why_en)


def _too_many_pixels(name: str) -> AttachmentRefused:
    millions = PIXEL_LIMIT // 1_000_000
    return _refused(name, f"图片像素超过 {millions} 百万", f"the picture has more than {millions} million pixels")
