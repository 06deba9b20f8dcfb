"""Commands of the registry as messages of JT/T 808, and their answers as JSON.

set-interval       {seconds}                        8103 0x0029
query-parameters   {} or {names: [..]}              8104, 8106
set-parameters     {name: value, …}                 8103
control            {command: 1–7, parameters?}      8105
restart            {}                               8105 4
send-text          {text, urgent?, display?, speak?} 8300
query-attributes   {}                               8107
locate             {}                               8201
track              {seconds, for}                   8202
confirm-alarm      {serial?, kinds?}                8203
photograph         {channel?, count?}               8801
set-fence          {fence: as the vehicles' service gives it}   8600, 8602, 8604, 8606
drop-fence         {kind, number}                   8601, 8603, 8605, 8607
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yiwang.kernel.database import Json, JsonObject
from yiwang.sensing.gateways.jt808.messages import areas, control, media, parameters, positions, registering
from yiwang.sensing.gateways.jt808.wire import Malformed, Message, gbk
from yiwang.sensing.vehicles.words import ALARM_NAMES, STATUS_NAMES, bits


def messages_of(verb: str, told: JsonObject) -> list[Message]:
    """The messages that a command is said with.

    Raises:
        Malformed: the protocol has no such command, or its parameters do not fit; the words say which.
    """
    make = _MAKERS.get(verb)
    if make is None:
        raise Malformed(f"JT/T 808 has no command {verb!r}")
    return make(told)


def _whole(told: JsonObject, name: str, low: int, high: int, default: int | None = None) -> int:
    value = told.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Malformed(f"{name} must be a whole number from {low} to {high}")
    return value


def _interval(told: JsonObject) -> list[Message]:
    seconds = _whole(told, "seconds", 1, 86_400)
    return [parameters.SetParameters((parameters.parameter("interval", seconds),))]


def _ask_parameters(told: JsonObject) -> list[Message]:
    names = told.get("names")
    if not names:
        return [parameters.AskParameters()]
    if not isinstance(names, list) or len(names) > 255:
        raise Malformed("names must be a list of at most 255 names")
    return [parameters.AskGivenParameters(tuple(parameters.parameter(str(name), b"").id for name in names))]


def _set_parameters(told: JsonObject) -> list[Message]:
    if not 1 <= len(told) <= 255:
        raise Malformed("between 1 and 255 parameters can be set at once")
    found = []
    for name, value in told.items():
        if not isinstance(value, int | str) or isinstance(value, bool):
            raise Malformed(f"{name} must be a whole number or text")
        found.append(parameters.parameter(name, value))
    return [parameters.SetParameters(tuple(found))]


def _control(told: JsonObject) -> list[Message]:
    return [control.Control(_whole(told, "command", 1, 7), str(told.get("parameters", "")))]


def _text(told: JsonObject) -> list[Message]:
    text = told.get("text")
    if not isinstance(text, str) or not 1 <= len(gbk(text)) <= control.MOST_TEXT:
        raise Malformed(f"text must have 1 to {control.MOST_TEXT} bytes in GBK")
    flags = bool(told.get("urgent")) | bool(told.get("display", True)) << 2 | bool(told.get("speak", True)) << 3
    return [control.Text(flags, 1, text)]


def _track(told: JsonObject) -> list[Message]:
    return [positions.Track(_whole(told, "seconds", 0, 65_535), _whole(told, "for", 0, 2**32 - 1, 600))]


def _confirm(told: JsonObject) -> list[Message]:
    return [
        positions.ConfirmAlarm(_whole(told, "serial", 0, 65_535, 0), _whole(told, "kinds", 0, 2**32 - 1, 0x18700009))
    ]


def _photograph(told: JsonObject) -> list[Message]:
    channel, count = _whole(told, "channel", 1, 255, 1), _whole(told, "count", 1, 100, 1)
    return [media.Shoot(channel, count, 0, 0, 2, 5, 128, 64, 64, 128)]


def _drop_fence(told: JsonObject) -> list[Message]:
    kind, number = str(told.get("kind")), _whole(told, "number", 0, 2**32 - 1)
    drop = _DROPS.get(kind)
    if drop is None:
        raise Malformed(f"a terminal knows no fence of kind {kind!r}")
    return [drop((number,))]


_DROPS: Mapping[str, Callable[[tuple[int, ...]], Message]] = {
    "circle": areas.DropCircles,
    "rectangle": areas.DropRectangles,
    "polygon": areas.DropPolygons,
    "route": areas.DropRoutes,
}


def _set_fence(told: JsonObject) -> list[Message]:
    fence = told.get("fence")
    if not isinstance(fence, dict):
        raise Malformed("fence is missing")
    points = fence.get("points")
    if not isinstance(points, list) or not points:
        raise Malformed("the fence has no points")
    corners = [_corner(point) for point in points]
    if len({lat < 0 for _, lat in corners}) > 1 or len({lon < 0 for lon, _ in corners}) > 1:
        raise Malformed("a terminal knows no fence across the equator or the meridian of Greenwich")
    number, name = _whole(fence, "number", 0, 2**32 - 1), str(fence.get("name", ""))
    limit = fence.get("speed_limit")
    speed = round(limit) if isinstance(limit, int | float) else 0
    attribute = areas.TELL_ENTERING | areas.TELL_LEAVING | (areas.SPEED_LIMIT if speed else 0)
    attribute |= (areas.SOUTH if corners[0][1] < 0 else 0) | (areas.WEST if corners[0][0] < 0 else 0)
    start, end = fence.get("start"), fence.get("end")
    timed = isinstance(start, str) and isinstance(end, str)
    attribute |= areas.BY_TIME if timed else 0
    limits = areas.Limits(
        _daily(start) if isinstance(start, str) and timed else "",
        _daily(end) if isinstance(end, str) and timed else "",
        speed,
        10 if speed else 0,
        speed,
    )
    size = fence.get("size")
    metres = round(size) if isinstance(size, int | float) else 0
    return [_area(str(fence.get("kind")), number, attribute, corners, metres, limits, name)]


def _area(
    kind: str, number: int, attribute: int, corners: list[tuple[int, int]], metres: int, limits: areas.Limits, name: str
) -> Message:
    sizes = [(abs(lat), abs(lon)) for lon, lat in corners]
    if kind == "circle":
        return areas.SetCircles(areas.APPEND, (areas.Circle(number, attribute, (*sizes[0], metres), limits, name),))
    if kind == "rectangle":
        north, south = max(lat for _, lat in corners), min(lat for _, lat in corners)
        west, east = min(lon for lon, _ in corners), max(lon for lon, _ in corners)
        numbers = (abs(north), abs(west), abs(south), abs(east))
        return areas.SetRectangles(areas.APPEND, (areas.Rectangle(number, attribute, numbers, limits, name),))
    if kind == "polygon":
        return areas.SetPolygon(number, attribute, tuple(areas.Corner(*each) for each in sizes), limits, name)
    if kind == "route":
        signs = (4 if attribute & areas.SOUTH else 0) | (8 if attribute & areas.WEST else 0)
        segment = signs | (areas.SPEED_LIMIT if limits.speed else 0)
        turns = tuple(
            areas.Turn(
                index + 1,
                index + 1,
                lat,
                lon,
                min(metres, 255),
                segment,
                0,
                0,
                limits.speed,
                limits.seconds,
                limits.night,
            )
            for index, (lat, lon) in enumerate(sizes)
        )
        kept = attribute & ~areas.SPEED_LIMIT & ~areas.SOUTH & ~areas.WEST
        return areas.SetRoute(number, kept, turns, areas.Limits(limits.since, limits.until), name)
    raise Malformed(f"a terminal knows no fence of kind {kind!r}")


def _corner(point: Json) -> tuple[int, int]:
    if not isinstance(point, list) or len(point) != 2:
        raise Malformed("a point is [lon, lat]")
    lon, lat = point
    if not isinstance(lon, int | float) or not isinstance(lat, int | float) or abs(lon) > 180 or abs(lat) > 90:
        raise Malformed("a point is [lon, lat] in degrees")
    return round(lon * 1e6), round(lat * 1e6)


def _daily(clock: str) -> str:
    """HH:MM as the standard's daily time: the date is 00-00-00."""
    digits = clock.replace(":", "")
    if len(digits) != 4 or not digits.isdecimal():
        raise Malformed(f"{clock!r} is no time of day")
    return f"000000{digits}00"


_MAKERS: Mapping[str, Callable[[JsonObject], list[Message]]] = {
    "set-interval": _interval,
    "query-parameters": _ask_parameters,
    "set-parameters": _set_parameters,
    "control": _control,
    "restart": lambda _: [control.Control(4)],
    "send-text": _text,
    "query-attributes": lambda _: [registering.AskAttributes()],
    "locate": lambda _: [positions.AskPosition()],
    "track": _track,
    "confirm-alarm": _confirm,
    "photograph": _photograph,
    "set-fence": _set_fence,
    "drop-fence": _drop_fence,
}


def parameters_told(items: tuple[parameters.Parameter, ...]) -> JsonObject:
    """Parameters as JSON: numbers, text, and the rest in hexadecimal."""
    return {item.name: value.hex() if isinstance(value := item.value(), bytes) else value for item in items}


def attributes_told(found: registering.Attributes) -> JsonObject:
    """Attributes of a terminal as JSON."""
    return {
        "maker": found.maker, "model": found.model, "terminal": found.terminal, "iccid": found.iccid,
        "hardware": found.hardware, "firmware": found.firmware, "satellites": found.satellites,
        "networks": found.networks, "kind": found.kind,
    }  # fmt: skip


def position_told(found: positions.Position) -> JsonObject:
    """A position as JSON."""
    return {
        "at": found.at.isoformat() if found.at else None, "lon": found.lon, "lat": found.lat, "speed": found.speed,
        "direction": found.direction, "altitude": found.altitude, "mileage": found.mileage, "fuel": found.fuel,
        "alarms": list[Json](bits(found.alarm, ALARM_NAMES)),
        "status": list[Json](bits(found.status, STATUS_NAMES)),
    }  # fmt: skip
