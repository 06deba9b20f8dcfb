import re, time, random
from datetime import timedelta
from uuid import UUID
from tests.http.conftest import signed_in
from yiwang.http import assets
from yiwang.flow.look import style
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import Problem

def localize(html):
    html = re.sub(r'/static/[0-9a-f]+/([\w.-]+)', lambda m: '/tmp/look/st/'+m[1], html)
    return html.replace(f'/flows/-/{style.digest}.css','/tmp/look/st/drawing.css')

async def test_dump(city, visitor):
    import os
    os.makedirs('/tmp/look/st', exist_ok=True)
    for n,c in assets.files().items(): open('/tmp/look/st/'+n,'wb').write(c)
    open('/tmp/look/st/drawing.css','w').write(style.RULES)
    acc = await signed_in(city, "leader1")
    dice = random.Random(1)
    ids=[]
    for k in range(25):
        r = await visitor.post("/api/v1/cases", json={"type":"urban-case","channel":"resident","text":"小区门口路面有个坑","lon":117.0005+0.0011*k,"lat":39.0105})
        ids.append(r.json()["id"])
    flow = city.services.flow; clock = city.services.context.clock; db=city.services.context.database
    outcomes={"verify":["exist"],"accept":["file","file","verify"],"dispatch":["dispatch"],"receive":["assign","assign","back"],"handle":["finish"],"confirm":["confirm","redo"],"check":["pass","pass","not_pass"],"close":["close"],"rework":["redo"],"visit":["satisfied"]}
    base = clock.now()
    offs={i:base for i in ids}
    for i in ids:
        now=base
        for s in range(dice.randint(1,14)):
            now += timedelta(minutes=dice.expovariate(1/60))
            async with db.connection() as c: ts = await flow.open_tasks(c, UUID(i))
            if not ts: break
            t=ts[0]; 
            definition = city.services.casework.catalogue.latest("urban-case").definition
            outs=list(definition.graph.task(t.node).outcomes)
            want=[o for o in outcomes.get(t.node,outs) if o in outs] or outs
            try:
                async with db.transaction() as c:
                    await flow.complete(c, t.id, SYSTEM, dice.choice(want), {"department": 3,"section":3,"limit":"3工作日","centre":1,"handler":None} if t.node in("dispatch","accept") else {}, now)
            except Problem as p:
                print(t.node, p); break
    clock_at = base+timedelta(hours=16)
    if hasattr(clock,'at') and not callable(clock.at): clock.at=clock_at
    best=None
    for i in ids:
        p=(await acc.get(f"/desk/cases/{i}", headers={"accept":"text/html"})).text
        score=p.count('fd-walked')
        if best is None or score>best[0]: best=(score,i,p)
    open('/tmp/look/case.html','w').write(localize(best[2]))
    open('/tmp/look/flow.html','w').write(localize((await acc.get("/flows/urban-case?period=all", headers={"accept":"text/html"})).text))
    open('/tmp/look/flow-en.html','w').write(localize((await acc.get("/flows/urban-case?period=all&lang=en&figure=p90&by=used", headers={"accept":"text/html"})).text))
    open('/tmp/look/flows.html','w').write(localize((await acc.get("/flows?lang=zh", headers={"accept":"text/html"})).text))
    open('/tmp/look/heat.svg','w').write((await acc.get("/api/v1/definitions/urban-case/heat.svg?from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z")).text)
    open('/tmp/look/inst.svg','w').write((await acc.get(f"/api/v1/instances/{best[1]}/drawing.svg")).text)
    import yiwang.http.pages.desk as d
    for label in ('with','without'):
        t=time.process_time(); w=time.perf_counter()
        for _ in range(20): await acc.get(f"/desk/cases/{best[1]}", headers={"accept":"text/html"})
        print(label, 'cpu', (time.process_time()-t)/20*1000, 'wall', (time.perf_counter()-w)/20*1000)
        async def none(*a): return None
        keep=d.case_drawing; d.case_drawing=none
    d.case_drawing=keep
    await acc.aclose()
