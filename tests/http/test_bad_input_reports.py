import time


async def test_probe(city):
    t = time.time()
    c = await city.client("acceptor1")
    print("signin", time.time() - t)
    t = time.time()
    print(await city.counts(), time.time() - t)
    a = await city.client()
    r = await a.post("/api/v1/cases", json=city.body())
    print(r.status_code, r.json())
    for content in (
        b'{"type":"urban-case","channel":"resident","text":"aaaa bbbb","lon":NaN,"lat":39.0}',
        b'{"a":Infinity}',
        b"{",
        b'["a"]',
        b"[" * 100000,
        b"\xff\xfe{",
        b'{"type":"urban-case","channel":"resident","text":"\\ud800aaaa bbbb","lon":117.001,"lat":39.001}',
    ):
        r = await a.post("/api/v1/cases", content=content, headers={"content-type": "application/json"})
        print(content[:40], r.status_code, r.text[:700])
    print(await city.events({"cookie": f"yiwang_session={await city.session('acceptor1')}"}, "after=0.0"))
    print(await city.events({}))
