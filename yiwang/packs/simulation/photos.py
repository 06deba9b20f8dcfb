"""Drawn photos for scenarios and the simulated city: small real JPEG files with EXIF time and place, plainly drawings, of nobody.

Before and after show the same street by the same seed; only the fault is gone. Every drawing carries the word SIMULATED.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

Fault = Literal["water", "rubbish", "hole", "cover", "poster", "stall", "vehicle", "plant", "lamp", "other"]

size = (640, 480)
china = ZoneInfo("Asia/Shanghai")

_SKY = [(168, 200, 230), (196, 206, 214), (220, 196, 168), (140, 178, 216)]
_WALLS = [(190, 176, 160), (170, 150, 140), (200, 190, 175), (150, 160, 170), (186, 140, 120)]
_FAULT_WORDS: dict[Fault, tuple[str, ...]] = {
    "water": ("积水", "污水", "排水", "漏水", "供水", "水"),
    "cover": ("井盖", "箅子", "盖板"),
    "hole": ("破损", "塌陷", "坑", "缺损"),
    "poster": ("广告", "牌匾", "标语", "宣传", "涂写"),
    "stall": ("游商", "占道", "店外", "经营", "夜市", "烧烤"),
    "vehicle": ("停放", "车辆", "单车", "车"),
    "plant": ("绿", "树", "花", "草"),
    "lamp": ("灯", "杆", "线缆", "信号"),
    "rubbish": ("垃圾", "不洁", "遗撒", "杂物", "废弃", "渣土", "堆"),
}


@dataclass(frozen=True, slots=True)
class Shot:
    """What to draw: ``place`` seeds the street, ``fault`` is drawn unless ``mended``; ``at`` is aware.

    Degrees are WGS-84.
    """

    place: str
    fault: Fault
    at: datetime
    lon: float
    lat: float
    mended: bool = False


def fault_of(words: str) -> Fault:
    """The drawing that suits a class name or a report."""
    return next((fault for fault, hints in _FAULT_WORDS.items() if any(hint in words for hint in hints)), "other")


def draw_photo(shot: Shot, zone: tzinfo = china) -> bytes:
    """A JPEG of about 15–30 kB; the EXIF time is local time of ``zone`` with its offset."""
    chance = random.Random(shot.place)  # noqa: S311 – a drawing, not a secret
    image = Image.new("RGB", size)
    pen = ImageDraw.Draw(image)
    _draw_street(pen, chance)
    spot = (chance.randint(180, 460), chance.randint(360, 430))
    if not shot.mended:
        _FAULTS[shot.fault](pen, chance, spot)
    local = shot.at.astimezone(zone)
    pen.rectangle((0, size[1] - 22, size[0], size[1]), fill=(20, 24, 30))
    # The drawing font of the imaging library has no Chinese, and fonts of the machine differ: the notice is ASCII too.
    pen.text(
        (8, size[1] - 18), f"SIMULATED {local:%Y-%m-%d %H:%M}  {shot.lon:.5f},{shot.lat:.5f}", fill=(240, 240, 240)
    )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=72, exif=_exif(local, shot.lon, shot.lat))
    return buffer.getvalue()


def _draw_street(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    width, height = size
    horizon = chance.randint(190, 230)
    sky = chance.choice(_SKY)
    for row in range(horizon):
        share = row / horizon
        pen.line((0, row, width, row), fill=tuple(round(part + (245 - part) * share) for part in sky))
    left = 0
    while left < width:
        wide, tall = chance.randint(60, 150), chance.randint(70, 180)
        wall = chance.choice(_WALLS)
        pen.rectangle((left, horizon - tall, left + wide - 3, horizon + 20), fill=wall)
        for x in range(left + 10, left + wide - 18, 24):
            for y in range(horizon - tall + 12, horizon - 6, 26):
                lit = chance.random() < 0.3
                pen.rectangle((x, y, x + 12, y + 14), fill=(245, 225, 160) if lit else (90, 105, 120))
        left += wide
    pen.rectangle((0, horizon + 20, width, horizon + 60), fill=(178, 172, 164))
    pen.rectangle((0, horizon + 60, width, height), fill=(96, 98, 102))
    for x in range(-40, width, 120):
        pen.polygon([(x, 400), (x + 60, 400), (x + 52, 408), (x - 8, 408)], fill=(226, 226, 220))
    for x in (chance.randint(30, 160), chance.randint(480, 610)):
        pen.rectangle((x - 4, horizon - 40, x + 4, horizon + 55), fill=(92, 70, 52))
        pen.ellipse((x - 38, horizon - 96, x + 38, horizon - 22), fill=(70, 120 + chance.randint(0, 40), 66))


def _water(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    pen.ellipse((x - 150, y - 36, x + 150, y + 36), fill=(92, 120, 140))
    for ring in range(4):
        pen.arc(
            (x - 110 + ring * 22, y - 24 + ring * 5, x + 90 - ring * 18, y + 20 - ring * 4),
            0,
            360,
            fill=(150, 176, 192),
        )


def _rubbish(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    for _ in range(26):
        x, y = spot[0] + chance.randint(-90, 90), spot[1] + chance.randint(-26, 26)
        side = chance.randint(8, 26)
        colour = chance.choice([(60, 60, 62), (230, 230, 224), (160, 60, 50), (60, 110, 160), (190, 160, 60)])
        pen.polygon([(x, y), (x + side, y + chance.randint(-6, 6)), (x + side // 2, y - side)], fill=colour)


def _hole(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    corners = [(x + chance.randint(40, 80) * a, y + chance.randint(12, 26) * b) for a, b in _ROUND]
    pen.polygon(corners, fill=(44, 42, 40))
    for _ in range(6):
        pen.line((x, y, x + chance.randint(-130, 130), y + chance.randint(-34, 34)), fill=(60, 58, 56), width=2)


def _cover(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    pen.ellipse((x - 60, y - 20, x + 60, y + 20), fill=(16, 16, 18), outline=(130, 130, 132), width=4)
    pen.ellipse((x + 40, y + 2, x + 150, y + 38), fill=(112, 110, 108), outline=(70, 70, 70), width=3)


def _poster(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    for _ in range(9):
        x, y = chance.randint(40, 560), chance.randint(130, 240)
        pen.rectangle((x, y, x + 34, y + 46), fill=chance.choice([(250, 240, 120), (250, 250, 250), (240, 160, 160)]))
        for line in range(4):
            pen.line((x + 5, y + 9 + line * 9, x + 29, y + 9 + line * 9), fill=(90, 30, 30), width=2)


def _stall(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    pen.polygon([(x - 90, y - 100), (x + 90, y - 100), (x + 70, y - 130), (x - 70, y - 130)], fill=(200, 60, 50))
    for post in (-80, 80):
        pen.line((x + post, y - 100, x + post, y), fill=(80, 80, 80), width=4)
    pen.rectangle((x - 86, y - 44, x + 86, y), fill=(150, 110, 70))
    for _ in range(14):
        at = x + chance.randint(-78, 78)
        pen.ellipse(
            (at - 8, y - 58, at + 8, y - 42), fill=chance.choice([(230, 120, 40), (90, 150, 60), (200, 40, 50)])
        )


def _vehicle(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    for number in range(chance.randint(2, 3)):
        x, y = spot[0] - 160 + number * 140, spot[1] - 10 + number * 6
        colour = chance.choice([(190, 40, 40), (240, 240, 240), (40, 60, 110), (60, 60, 64)])
        pen.rounded_rectangle((x, y - 40, x + 120, y), 10, fill=colour)
        pen.polygon([(x + 22, y - 40), (x + 36, y - 66), (x + 88, y - 66), (x + 102, y - 40)], fill=(120, 140, 156))
        for wheel in (24, 94):
            pen.ellipse((x + wheel - 13, y - 13, x + wheel + 13, y + 13), fill=(20, 20, 20))


def _plant(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    pen.line((x - 130, y, x + 110, y - 24), fill=(88, 66, 48), width=16)
    for _ in range(40):
        at = (x + chance.randint(20, 150), y - 24 + chance.randint(-36, 36))
        pen.ellipse((at[0] - 10, at[1] - 8, at[0] + 10, at[1] + 8), fill=(60, chance.randint(100, 150), 50))


def _lamp(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    pen.line((x, y, x + 70, y - 210), fill=(110, 112, 116), width=8)
    pen.line((x + 70, y - 210, x + 120, y - 196), fill=(110, 112, 116), width=6)
    pen.arc((x - 160, y - 260, x + 240, y - 40), 20, 160, fill=(20, 20, 20), width=3)


def _other(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[int, int]) -> None:
    x, y = spot
    for number in range(5):
        left = x - 130 + number * 54
        pen.rectangle((left, y - 60 - chance.randint(0, 20), left + 44, y), fill=(176, 140, 96), outline=(120, 90, 60))


_ROUND = [(1, 0), (0.7, 0.8), (0, 1), (-0.8, 0.7), (-1, 0), (-0.6, -0.9), (0.1, -1), (0.8, -0.7)]
_FAULTS = {
    "water": _water,
    "rubbish": _rubbish,
    "hole": _hole,
    "cover": _cover,
    "poster": _poster,
    "stall": _stall,
    "vehicle": _vehicle,
    "plant": _plant,
    "lamp": _lamp,
    "other": _other,
}


def _exif(local: datetime, lon: float, lat: float) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Yiwang"
    exif[ExifTags.Base.Model] = "Simulated camera"
    exif[ExifTags.Base.ImageDescription] = "Simulated drawing, not a photograph"
    stamp = local.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.DateTime] = stamp
    offset = local.strftime("%z")
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = stamp
    detail[ExifTags.Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N" if lat >= 0 else "S"
    gps[ExifTags.GPS.GPSLatitude] = _sexagesimal(lat)
    gps[ExifTags.GPS.GPSLongitudeRef] = "E" if lon >= 0 else "W"
    gps[ExifTags.GPS.GPSLongitude] = _sexagesimal(lon)
    gps[ExifTags.GPS.GPSMapDatum] = "WGS-84"
    return exif


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    total = round(abs(degrees) * 3_600_000)
    whole, rest = divmod(total, 3_600_000)
    minutes, thousandths = divmod(rest, 60_000)
    return IFDRational(whole, 1), IFDRational(minutes, 1), IFDRational(thousandths, 1000)
