"""Commands in common words become messages of the protocol, and every message survives encoding and decoding."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from yiwang.kernel.database import JsonObject
from yiwang.sensing.gateways.jt808 import messages, orders
from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.messages import (
    areas,
    control,
    drivers,
    general,
    media,
    parameters,
    passing,
    positions,
    recorder,
    registering,
)
from yiwang.sensing.gateways.jt808.messages.positions import Position
from yiwang.sensing.gateways.jt808.wire import Malformed, Message

AT = datetime(2026, 6, 18, 4, 0, 5, tzinfo=UTC)
PLACE = Position(AT, -58.4, -34.6, 25, 40.5, 271, 1 << 2, 0b1111)
LIMITS = areas.Limits("000000083000", "000000180000", 60, 10, 50)
ALL = areas.BY_TIME | areas.SPEED_LIMIT

EVERY: list[Message] = [
    general.TerminalAck(1, 2, 3),
    general.PlatformAck(1, 2, 4),
    general.Heartbeat(),
    general.Unregister(),
    general.AskTime(),
    general.ServerTime(AT),
    general.TerminalWantsPackets(5, (1, 3)),
    general.PlatformWantsPackets(5, (2,)),
    general.LinkCheck(),
    registering.RegisterAck(1, 0, "code"),
    registering.RegisterAck(1, 3, ""),
    registering.Authenticate("鉴权"),
    registering.AskAttributes(),
    registering.Attributes(1, "YW", "M", "T", "8" * 20, "h", "f", 1, 2),
    registering.UpgradePackage(0, "YW", "1.2", b"data"),
    registering.UpgradeResult(52, 2),
    parameters.SetParameters((parameters.parameter("interval", 30), parameters.parameter("plate", "粤A12345"))),
    parameters.AskParameters(),
    parameters.AskGivenParameters((1, 0xF001)),
    parameters.Parameters(9, (parameters.Parameter(7, b"x"),)),
    positions.Report(PLACE),
    positions.AskPosition(),
    positions.AskedPosition(3, PLACE),
    positions.VehicleControlled(3, PLACE),
    positions.Batch(1, (positions.write_position(PLACE),) * 3),
    positions.Track(5, 600),
    positions.Track(0),
    positions.ConfirmAlarm(0, 9),
    control.Control(1, "a;b"),
    control.Text(5, 1, "前方拥堵"),
    control.CallBack(1, "13800000000"),
    control.VehicleControl((control.Order(1, 1),)),
    areas.SetCircles(1, (areas.Circle(1, ALL, (39_000_000, 117_000_000, 500), LIMITS),)),
    areas.DropCircles((1, 2)),
    areas.SetRectangles(1, (areas.Rectangle(1, ALL, (1, 2, 3, 4), LIMITS),)),
    areas.DropRectangles(()),
    areas.SetPolygon(1, ALL, (areas.Corner(1, 2),) * 3, LIMITS),
    areas.DropPolygons((1,)),
    areas.SetRoute(
        1,
        areas.BY_TIME,
        (areas.Turn(1, 1, 2, 3, 50, 3, 600, 60, 60, 10, 50),),
        areas.Limits("000000083000", "000000180000"),
    ),
    areas.DropRoutes((7,)),
    areas.AskAreas(4, (7,)),
    areas.AreasTold(4, 1, b"x"),
    drivers.AskDriver(),
    drivers.Driver(1, AT, 0, "王建国", "L", "A", date(2030, 1, 2), "I"),
    drivers.Driver(1, AT, 4),
    drivers.Driver(2, AT),
    recorder.AskRecorder(1, b"x"),
    recorder.RecorderData(1, 2, b"y"),
    recorder.SetRecorder(0x82, b"z"),
    recorder.Waybill.of("液氯"),
    recorder.CanData(("1200000000", (recorder.CanItem(1, b"12345678"),))),
    media.MediaEvent(1, 0, 0, 1, 1),
    media.Media(1, 0, 0, 1, 1, PLACE, b"\xff\xd8x"),
    media.MediaAck(1, (2, 3)),
    media.MediaAck(1),
    media.Shoot(1, 1, 0, 0, 2, 5, 128, 64, 64, 128),
    media.Shot(1, 0, (4,)),
    media.Shot(1, 2),
    media.SearchMedia(0, 0, 0, AT, AT),
    media.FoundMedia(1, (media.FoundItem(1, 0, 1, 2, PLACE),)),
    media.UploadMedia(0, 0, 0, AT, None, 1),
    media.RecordSound(1, 10, 0, 1),
    media.UploadOne(1, 0),
    passing.Down(0xF0, b"x"),
    passing.Up(0, b"y"),
    passing.Compressed(b"z"),
    passing.PlatformKey(3, bytes(128)),
    passing.TerminalKey(3, bytes(128)),
]


@pytest.mark.parametrize("edition", [Edition.E2013, Edition.E2019])
@pytest.mark.parametrize("message", EVERY, ids=lambda message: f"{message.ID:04X}")
def test_every_message_survives_the_wire(message: Message, edition: Edition) -> None:
    again = messages.decode(message.ID, message.encode(edition), edition)
    assert again is not None
    assert again.encode(edition) == message.encode(edition)
    if edition is Edition.E2019 and message.ID not in (0x0102,):
        assert again == message


def test_the_list_above_has_every_message_of_the_table() -> None:
    assert set(messages.MESSAGES) - {message.ID for message in EVERY} == {0x0100}  # has tests of its own


SHAPES: list[tuple[str, list[list[float]], float]] = [
    ("circle", [[117.1, 39.1]], 500.0),
    ("rectangle", [[117.2, 39.0], [117.1, 39.1]], 0.0),
    ("polygon", [[117.1, 39.1], [117.2, 39.1], [117.2, 39.2]], 0.0),
    ("route", [[117.1, 39.1], [117.2, 39.1]], 80.0),
]


@pytest.mark.parametrize(("kind", "points", "size"), SHAPES)
@pytest.mark.parametrize("edition", list(Edition))
def test_围栏下发到终端(kind: str, points: list[list[float]], size: float, edition: Edition) -> None:
    told: JsonObject = {
        "fence": {
            "kind": kind, "points": points, "size": size, "number": 12, "name": "路线", "speed_limit": 60,
            "start": "08:30", "end": "18:00",
        }
    }  # fmt: skip
    [message] = orders.messages_of("set-fence", told)
    again = messages.decode(message.ID, message.encode(edition), edition)
    assert again is not None
    assert again.encode(edition) == message.encode(edition)
    [drop] = orders.messages_of("drop-fence", {"kind": kind, "number": 12})
    assert drop.ID == message.ID + 1


def test_矩形的左上与右下() -> None:
    fence: JsonObject = {"kind": "rectangle", "points": [[117.2, 39.0], [117.1, 39.1]], "number": 1}
    [message] = orders.messages_of("set-fence", {"fence": fence})
    assert isinstance(message, areas.SetRectangles)
    assert message.items[0].numbers == (39_100_000, 117_100_000, 39_000_000, 117_200_000)


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("sync-time", {}),
        ("set-interval", {"seconds": 0}),
        ("set-interval", {"seconds": True}),
        ("set-parameters", {}),
        ("set-parameters", {"interval": "soon"}),
        ("set-parameters", {"0x1FFFFFFFF": 1}),
        ("send-text", {"text": "长" * 600}),
        ("send-text", {}),
        ("control", {"command": 8}),
        ("set-fence", {}),
        ("set-fence", {"fence": {"kind": "star", "points": [[1, 2]], "number": 1}}),
        ("set-fence", {"fence": {"kind": "circle", "points": [[1000, 2]], "number": 1}}),
        ("set-fence", {"fence": {"kind": "polygon", "points": [[1, 1], [-1, 1], [1, 2]], "number": 1}}),
        ("drop-fence", {"kind": "star", "number": 1}),
    ],
)
def test_说不成的指令说明为什么(verb: str, told: JsonObject) -> None:
    with pytest.raises(Malformed):
        orders.messages_of(verb, told)


def test_参数按名字也按编号() -> None:
    [message] = orders.messages_of("set-parameters", {"greatest_speed": 80, "0x0083": "津A1", "0xF001": 5})
    assert isinstance(message, parameters.SetParameters)
    assert [(item.id, item.value()) for item in message.items][:2] == [(0x55, 80), (0x83, "津A1")]
