"""Readings 监测数据: taken in, kept, rolled up, moved to the lake, asked for. See yiwang/sensing/README.md."""

from yiwang.sensing.readings.arrivals import Arrival, follow
from yiwang.sensing.readings.keeping import Keeper
from yiwang.sensing.readings.latest import LatestValue, Which
from yiwang.sensing.readings.series import Bucket, Series
from yiwang.sensing.readings.service import Export, Readings
from yiwang.sensing.readings.writer import ReadingWriter

__all__ = [
    "Arrival",
    "Bucket",
    "Export",
    "Keeper",
    "LatestValue",
    "ReadingWriter",
    "Readings",
    "Series",
    "Which",
    "follow",
]
