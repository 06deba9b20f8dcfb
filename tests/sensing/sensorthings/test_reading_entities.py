"""SensorThings 1.1 (OGC 18-088): addresses, options and answers of the read side."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from sensing.devices.world import NOON
from sensing.sensorthings.conftest import ROOT, Town
from support.sensing_app import READER

from yiwang.kernel.access import ANONYMOUS, Actor, Grant

BOX = "POLYGON((117.015 38.9, 117.045 38.9, 117.045 39.1, 117.015 39.1, 117.015 38.9))"


async def test_the_service_root_names_the_eight_entity_sets(town: Town) -> None:
    body = (await town.get("")).json()
    assert [item["name"] for item in body["value"]] == [
        "Things",
        "Locations",
        "HistoricalLocations",
        "Datastreams",
        "Sensors",
        "ObservedProperties",
        "Observations",
        "FeaturesOfInterest",
    ]
    for item in body["value"]:
        answer = await town.get("/" + item["name"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["value"], item["name"]


async def test_an_entity_has_id_self_link_and_links(town: Town) -> None:
    first = (await town.values("/Things"))[0]
    assert first["@iot.selfLink"] == f"http://city.test{ROOT}/Things({first['@iot.id']})"
    again = (await town.get(f"/Things({first['@iot.id']})")).json()
    assert again == first
    assert first["name"] == "1号水位计"
    assert first["properties"]["attributes"] == {"street": "street 1"}
    for link in ("Datastreams", "Locations", "HistoricalLocations"):
        assert first[f"{link}@iot.navigationLink"] == first["@iot.selfLink"] + "/" + link


async def test_every_link_of_every_entity_leads_somewhere(town: Town) -> None:
    for name in (
        "Things",
        "Locations",
        "HistoricalLocations",
        "Datastreams",
        "Sensors",
        "ObservedProperties",
        "Observations",
        "FeaturesOfInterest",
    ):
        one = (await town.values("/" + name, top="1"))[0]
        async with town.doors.client(READER) as client:
            for key, link in one.items():
                if key.endswith(("navigationLink", "selfLink")):
                    answer = await client.get(link)
                    assert answer.status_code == 200, (link, answer.text)


async def test_a_property_and_its_plain_value(town: Town) -> None:
    thing = (await town.values("/Things"))[1]
    path = f"/Things({thing['@iot.id']})"
    assert (await town.get(path + "/name")).json() == {"name": "2号水位计"}
    plain = await town.get(path + "/name/$value")
    assert plain.text == "2号水位计"
    assert plain.headers["content-type"].startswith("text/plain")
    assert (await town.get(path + "/properties/code/$value")).text == "gauge-02"
    await town.refused(path + "/properties/$value")
    await town.refused(path + "/nothing", 404)
    await town.refused(path + "/properties/nothing", 404)


async def test_refs_are_links_only(town: Town) -> None:
    thing = (await town.values("/Things"))[0]
    refs = await town.values(f"/Things({thing['@iot.id']})/Datastreams/$ref")
    assert [list(item) for item in refs] == [["@iot.selfLink"]] * 2


async def test_what_is_not_there_is_404(town: Town) -> None:
    for path in (
        "/Things(999999)",
        "/Thing",
        "/Things(1)(2)",
        "/Things('x')",
        "/Sensors('nothing')",
        "/Things(0)/Datastreams",
        "/Observations('1-2-3')",
        "/Datastreams(99999999999999999)",
        "/Things/Datastreams",
        "/a/b",
    ):
        await town.refused(path, 404)


async def test_top_skip_count_and_the_next_link_walk_through_all(town: Town) -> None:
    seen: list[int] = []
    answer = (await town.get("/Things", top="3", count="true")).json()
    assert answer["@iot.count"] == 10
    while True:
        seen += [item["@iot.id"] for item in answer["value"]]
        link = answer.get("@iot.nextLink")
        if link is None:
            break
        async with town.doors.client(READER) as client:
            answer = (await client.get(link)).json()
    assert seen == [device.id for device in town.devices]
    assert [item["@iot.id"] for item in await town.values("/Things", top="2", skip="4")] == seen[4:6]
    assert await town.values("/Things", top="0") == []


async def test_pages_follow_the_order_asked_for_whatever_it_is(town: Town) -> None:
    for order in ("name desc", "properties/attributes/street,name desc", "id desc", "length(name),id"):
        whole = [item["@iot.id"] for item in await town.values("/Things", orderby=order)]
        paged: list[int] = []
        answer = (await town.get("/Things", orderby=order, top="3")).json()
        while True:
            paged += [item["@iot.id"] for item in answer["value"]]
            if "@iot.nextLink" not in answer:
                break
            query = dict(parse_qsl(urlsplit(answer["@iot.nextLink"]).query))
            answer = (
                await town.get("/Things", **{name.removeprefix("$"): value for name, value in query.items()})
            ).json()
        assert paged == whole, order


async def test_observations_of_a_datastream_newest_first(town: Town) -> None:
    found = await town.values(f"/Datastreams({town.stream(3)})/Observations", orderby="phenomenonTime desc", top="2")
    assert [item["result"] for item in found] == [3.0, 3.01]
    assert found[0]["phenomenonTime"] == "2026-06-18T04:00:00.000Z"
    assert found[0]["resultQuality"] == {"code": 1024, "flags": ["AFTER_GAP"]}  # hourly, where a minute was declared
    one = (await town.get(f"/Observations('{found[0]['@iot.id']}')")).json()
    assert one == found[0]


async def test_filters_of_the_standard(town: Town) -> None:
    since = (NOON - timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    path = f"/Datastreams({town.stream(5)})/Observations"
    for filter_, count in {
        f"phenomenonTime ge {since}": 3,
        f"phenomenonTime gt {since} and result lt 5.01": 1,
        "result gt 5.2 or result eq 5": 4,
        "not (result gt 5.2)": 21,
        "result sub 5 le 0.05": 6,
        "hour(phenomenonTime) eq 4 and minute(phenomenonTime) eq 0": 1,
        "date(phenomenonTime) eq 2026-06-18": 5,
        "phenomenonTime ge 2026-06-18": 5,
        "phenomenonTime add duration'PT2H' gt now()": 2,
        "round(result mul 100) mod 2 eq 0": 12,
        "resultQuality/code eq 1024": 2,
        "Datastream/ObservedProperty/name eq '水位'": 24,
        "Datastream/Thing/Locations/name ne '5号水位计'": 0,
    }.items():
        assert len(await town.values(path, filter=filter_)) == count, filter_


async def test_filters_on_things(town: Town) -> None:
    for filter_, numbers in {
        "name eq '3号水位计'": [3],
        "startswith(name, '1')": [1, 10],
        "contains(name,'号') and endswith(properties/code, '7')": [7],
        "substringof('10', name)": [10],
        "properties/attributes/street eq 'street 1' and not startswith(name,'1')": [4, 7],
        "tolower(properties/code) eq concat('gauge','-02')": [2],
        "indexof(name,'号') eq 2": [10],
        "length(name) gt 5": [10],
        "substring(properties/code, 6, 2) eq '04'": [4],
        "Datastreams/ObservedProperty/name eq '气温'": [1, 2, 3, 4, 5, 6, 7],
        "not Datastreams/ObservedProperty/name eq '气温'": [8, 9, 10],
        "Datastreams/Observations/result gt 9.2": [9, 10, 1, 2, 3, 4, 5, 6, 7],
        "Datastreams/Observations/result gt 10.1": [10, 1, 2, 3, 4, 5, 6, 7],
        "Datastreams/id eq {stream}": [6],
        "properties/nothing eq null and name ne null": list(range(1, 11)),
        f"st_within(Locations/location, geography'{BOX}')": [
            2,
            3,
            4,
        ],
        "geo.distance(Locations/location, geography'POINT(117.05 39)') lt 0.011": [4, 5, 6],
        "st_disjoint(Locations/location, geography'LINESTRING(117 39, 117.085 39)')": [9, 10],
        "st_relate(Locations/location, geography'POINT(117.05 39)', 'T********')": [5],
    }.items():
        found = await town.values("/Things", filter=filter_.replace("{stream}", str(town.stream(6))))
        expected = [town.devices[number - 1].id for number in sorted(numbers)]
        assert [item["@iot.id"] for item in found] == expected, filter_


async def test_expand_writes_entities_into_one_another(town: Town) -> None:
    newest = "Observations($top=1;$orderby=phenomenonTime desc;$select=result)"
    options = f"Locations,Datastreams($select=id,name;$orderby=id;$expand=ObservedProperty,{newest})"
    thing = (await town.values("/Things", expand=options, filter="name eq '4号水位计'"))[0]
    assert thing["Locations"][0]["location"] == {"type": "Point", "coordinates": [117.04, 39]}
    assert "Locations@iot.navigationLink" not in thing
    streams = {item["ObservedProperty"]["name"]: item for item in thing["Datastreams"]}
    assert streams["水位"]["Observations"] == [{"result": 4.0}]
    assert streams["气温"]["Observations"] == [{"result": 20.0}]
    assert "description" not in streams["水位"]


async def test_expanded_lists_have_their_own_pages_and_counts(town: Town) -> None:
    things = await town.values(
        "/Things", expand="Datastreams($expand=Observations($top=5;$count=true;$filter=result lt 100))", top="3"
    )
    for thing in things:
        for stream in thing["Datastreams"]:
            assert stream["Observations@iot.count"] == 24
            assert len(stream["Observations"]) == 5
            seen, link = list(stream["Observations"]), stream["Observations@iot.nextLink"]
            async with town.doors.client(READER) as client:
                while link is not None:
                    answer = (await client.get(link)).json()
                    seen += answer["value"]
                    link = answer.get("@iot.nextLink")
            assert len({item["@iot.id"] for item in seen}) == 24


async def test_links_to_one_are_expanded_from_many(town: Town) -> None:
    found = await town.values(
        "/Observations", expand="Datastream/Thing,FeatureOfInterest", top="60", orderby="result desc"
    )
    assert {item["Datastream"]["Thing"]["name"] for item in found} >= {"1号水位计"}
    assert all(item["FeatureOfInterest"]["feature"]["type"] == "Point" for item in found)


async def test_select_leaves_the_rest_out(town: Town) -> None:
    found = await town.values("/Things", select="name,Datastreams", top="1")
    assert set(found[0]) == {"name", "Datastreams@iot.navigationLink"}
    found = await town.values("/Things", select="@iot.id", top="1")
    assert set(found[0]) == {"@iot.id"}


async def test_observations_as_data_arrays(town: Town) -> None:
    found = await town.values(
        "/Observations",
        resultFormat="dataArray",
        select="phenomenonTime,result",
        filter=f"Datastream/id eq {town.stream(2)}",
        orderby="phenomenonTime",
    )
    assert found == [
        {
            "Datastream@iot.navigationLink": f"http://city.test{ROOT}/Datastreams({town.stream(2)})",
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": 24,
            "dataArray": found[0]["dataArray"],
        }
    ]
    assert found[0]["dataArray"][-1] == ["2026-06-18T04:00:00.000Z", 2.0]
    await town.refused("/Things", resultFormat="dataArray")


async def test_the_unit_and_the_span_of_a_datastream(town: Town) -> None:
    stream = (await town.get(f"/Datastreams({town.stream(1)})")).json()
    assert stream["unitOfMeasurement"] == {"name": "m", "symbol": "m", "definition": "m"}
    assert stream["phenomenonTime"].endswith("/2026-06-18T04:00:00.000Z")
    assert stream["observedArea"]["type"] == "Point"


async def test_everybody_sees_what_the_city_publishes_and_nothing_else(town: Town) -> None:
    public = [device.id for device in town.devices[7:]]
    assert [item["@iot.id"] for item in await town.values("/Things", ANONYMOUS)] == public
    for name in ("Locations", "HistoricalLocations", "FeaturesOfInterest"):
        assert [item["@iot.id"] for item in await town.values("/" + name, ANONYMOUS)] == public
    assert [item["@iot.id"] for item in await town.values("/Sensors", ANONYMOUS)] == ["open-gauge"]
    assert [item["name"] for item in await town.values("/ObservedProperties", ANONYMOUS)] == ["水位"]
    assert len(await town.values("/Datastreams", ANONYMOUS)) == 3
    assert (await town.get("/Observations", ANONYMOUS, count="true")).json()["@iot.count"] == 72
    hidden = town.devices[0].id
    assert (await town.get(f"/Things({hidden})", ANONYMOUS)).status_code == 404
    assert (await town.get(f"/Datastreams({town.stream(1)})/Observations", ANONYMOUS)).status_code == 404
    # Nor by asking about what lies behind a link.
    assert await town.values("/ObservedProperties", ANONYMOUS, filter="Datastreams/Thing/name eq '1号水位计'") == []
    found = await town.values("/Sensors", ANONYMOUS, expand="Datastreams($expand=Thing)")
    assert {stream["Thing"]["@iot.id"] for item in found for stream in item["Datastreams"]} == set(public)


async def test_a_grant_reaches_its_area_only(town: Town) -> None:
    actor = Actor(kind="person", grants=(Grant("reading", frozenset({"read"}), area="120111"),))
    assert len(await town.values("/Things", actor)) == 10  # seven of the area, three that are everybody's
    elsewhere = Actor(kind="person", grants=(Grant("reading", frozenset({"read"}), area="310117"),))
    assert len(await town.values("/Things", elsewhere)) == 3
