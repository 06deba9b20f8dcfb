"""The loop: 核实 → 受理立案 → 派遣 → 处置 → 反馈 → 核查 → 结案, its returns and its special verbs."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from support.small_city import CHINA, SmallCity

from yiwang.casework import errors
from yiwang.casework.steps import StepInput
from yiwang.flow.errors import InstanceSuspended, TaskAlreadyDone, TaskNotYours
from yiwang.kernel import journal
from yiwang.kernel.access import ANONYMOUS
from yiwang.kernel.errors import Forbidden, InvalidInput, NotFound


async def test_从上报到结案_每一步都在日志里(city: SmallCity) -> None:
    opened = await city.report()
    await city.close(opened)
    case = await city.case(opened.id)
    assert (case.state, case.status) == ("closed", "已结案")
    assert None not in (case.filed_at, case.dispatched_at, case.handled_at, case.checked_at, case.closed_at)
    assert await city.verbs(opened.id) == ["case.opened", *["case.step"] * 8, "case.closed"]
    async with city.services.context.database.connection() as connection:
        assert await city.services.flow.open_tasks(connection, opened.id) == []


async def test_核实不存在_不予受理(city: SmallCity) -> None:
    opened = await city.report()
    await city.step(opened.id, "not_exist", note="现场没有发现")
    public = await city.cases.reading.follow(opened.number, opened.code)
    assert public.case.state in ("not_accepted", "open")


async def test_立案须选标准_派遣须选部门_并说明缺什么(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "accept")
    with pytest.raises(errors.OutcomeNeeds) as refused:
        await city.step(opened.id, "file")
    assert "立案标准" in refused.value.message("zh")
    with pytest.raises(errors.StandardUnknown):
        await city.step(opened.id, "file", standard="no-such-standard")
    await city.to(opened, "dispatch")
    with pytest.raises(errors.OutcomeNeeds):
        await city.step(opened.id, "dispatch")
    with pytest.raises(errors.DepartmentUnknown):
        await city.step(opened.id, "dispatch", department="moon-office")
    assert (await city.task(opened.id)).node == "dispatch"


async def test_派遣按分类标准带时限_工作时从早八点算(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    case = await city.case(opened.id)
    assert (
        case.limit_text == (await city.view(opened.id)).case_type.standard(case.class_code or "", case.standard).limit
    )
    assert case.due_at is not None
    assert case.due_at > city.now()
    assert (await city.view(opened.id)).case.department_id is not None


async def test_部门退回_改派_原因在案(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    with pytest.raises(errors.OutcomeNeeds):
        await city.step(opened.id, "back")
    await city.step(opened.id, "back", note="不属于我单位职责")
    case = await city.case(opened.id)
    assert (case.department_id, case.return_count) == (None, 1)
    await city.step(opened.id, "dispatch", department="water-bureau")
    found = city.services.identity.directory.organisation_by_code("water-bureau")
    assert found is not None
    assert (await city.case(opened.id)).department_id == found.id


async def test_返工回到原部门_次数在案(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "check")
    before = await city.case(opened.id)
    await city.step(opened.id, "not_pass", note="仍有散落", photos=(await city.photo(),))
    after = await city.case(opened.id)
    assert after.department_id == before.department_id
    assert (after.rework_count, after.handled_at) == (1, None)
    assert (await city.task(opened.id)).organisation_id == before.department_id
    await city.close(opened)


async def test_交办科室再到人_不能交给别的部门(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    with pytest.raises(errors.SectionNotOfDepartment):
        await city.step(opened.id, "assign", section="drainage-team")
    await city.step(opened.id, "assign", section="sanitation-team")
    assert (await city.holder(await city.task(opened.id))).name == "沈扫尘"


async def test_两个人同时办结_一人成功_另一人被告知是谁何时(city: SmallCity) -> None:
    for _ in range(5):
        opened = await city.report()
        await city.to(opened, "accept")
        task = await city.task(opened.id)
        standard = (await city.view(opened.id)).case_type.standard("06042", None).id
        actors = [await city.actor("acceptor1"), await city.actor("acceptor2")]
        results = await asyncio.gather(
            *(city.cases.finishing.complete(task.id, actor, StepInput("file", standard=standard)) for actor in actors),
            return_exceptions=True,
        )
        lost = [item for item in results if isinstance(item, BaseException)]
        assert len(lost) == 1
        assert isinstance(lost[0], TaskAlreadyDone)
        assert lost[0].data["who"] in ("李晓敏", "王海燕")
        assert datetime.fromisoformat(str(lost[0].data["when"])) <= city.now()


async def test_签收后他人不能办(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "accept")
    task = await city.task(opened.id)
    await city.cases.handing_on.claim(task.id, await city.actor("acceptor1"))
    with pytest.raises(TaskNotYours):
        await city.step(opened.id, "not_accept", by="acceptor2", note="x")
    assert "case.claimed" in await city.verbs(opened.id)


async def test_挂账期间时限停走_恢复后接着算(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    due = (await city.case(opened.id)).due_at
    shift = await city.actor("shift1")
    with pytest.raises(InvalidInput):
        await city.cases.operations.suspend(opened.id, shift, "  ")
    await city.cases.operations.suspend(opened.id, shift, "等待备件")
    with pytest.raises(InstanceSuspended):
        await city.step(opened.id, "handle_self")
    with pytest.raises(errors.OperationNotNow):
        await city.cases.operations.suspend(opened.id, shift, "再挂一次")
    await city.wait(minutes=30)
    await city.cases.operations.resume(opened.id, shift)
    resumed = (await city.case(opened.id)).due_at
    assert due is not None
    assert resumed is not None
    assert (resumed - due).total_seconds() >= 1800
    await city.close(opened)


async def test_延期须申请并批准_批准后时限顺延(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "receive")
    desk, dispatcher = await city.actor("city-desk"), await city.actor("dispatcher1")
    due = (await city.case(opened.id)).due_at
    with pytest.raises(Forbidden):
        await city.cases.operations.decide_extension(opened.id, desk, True, "")
    with pytest.raises(errors.OperationNotNow):
        await city.cases.operations.decide_extension(opened.id, dispatcher, True, "")
    await city.cases.operations.request_extension(opened.id, desk, "1工作日", "需要吊车")
    with pytest.raises(errors.OperationNotNow):
        await city.cases.operations.request_extension(opened.id, desk, "1工作日", "再申请")
    await city.cases.operations.decide_extension(opened.id, dispatcher, True, "同意")
    case = await city.case(opened.id)
    assert due is not None
    assert case.due_at is not None
    assert case.due_at > due
    assert case.extension_count == 1


async def test_督办_催办_记录在案(city: SmallCity) -> None:
    opened = await city.report()
    await city.cases.operations.urge(opened.id, await city.actor("shift1"), "请尽快")
    await city.cases.operations.supervise(opened.id, await city.actor("supervisor1"), "区领导关注")
    assert (await city.case(opened.id)).supervised_at is not None
    assert (await city.task(opened.id)).urged >= 1
    assert (await city.verbs(opened.id))[-2:] == ["case.urged", "case.supervised"]


async def test_强制结案和作废要理由_有权限_不留任务(city: SmallCity) -> None:
    closed, voided = await city.report(), await city.report()
    shift = await city.actor("shift1")
    with pytest.raises(Forbidden):
        await city.cases.operations.force_close(closed.id, await city.actor("acceptor1"), "想结")
    await city.cases.operations.force_close(closed.id, shift, "已由施工单位一并处理")
    await city.cases.operations.void(voided.id, shift, "测试误报")
    assert (await city.case(closed.id)).state == "closed"
    assert (await city.case(voided.id)).state == "void"
    for opened in (closed, voided):
        async with city.services.context.database.connection() as connection:
            assert await city.services.flow.open_tasks(connection, opened.id) == []


async def test_主案结案_并入的上报一同结束_市民可评价(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    head = await city.report(lon=lon, lat=lat)
    follower = await city.report(lon=lon, lat=lat)
    await city.close(head)
    public = await city.cases.reading.follow(follower.number, follower.code)
    assert public.case.closed_at is not None
    assert public.case.status == "已结案"
    assert any(row.entry.verb == "case.step" for row in public.story)
    await city.cases.operations.rate(follower.number, follower.code, ANONYMOUS, 5, "很快")
    assert (await city.cases.reading.follow(follower.number, follower.code)).case.satisfaction == 5


async def test_人工并案与取消并案(city: SmallCity) -> None:
    head, other = await city.report(), await city.report()
    acceptor = await city.actor("acceptor1")
    await city.cases.operations.fold(other.id, acceptor, head.number)
    assert (await city.case(other.id)).head_id == head.id
    await city.cases.operations.unfold(other.id, acceptor, "其实是两处")
    case = await city.case(other.id)
    assert (case.state, case.head_id) == ("open", None)
    assert (await city.task(other.id)).node == "accept"
    with pytest.raises(errors.OperationNotNow):
        await city.cases.operations.fold(head.id, acceptor, head.number)


async def test_市民说没修好_案件重新办理(city: SmallCity) -> None:
    opened = await city.report()
    with pytest.raises(errors.OperationNotNow):
        await city.cases.operations.reopen(opened.number, opened.code, ANONYMOUS, "没修好")
    await city.close(opened)
    with pytest.raises(errors.FollowCodeWrong):
        await city.cases.operations.reopen(opened.number, "AAAAAA", ANONYMOUS, "没修好")
    await city.cases.operations.reopen(opened.number, opened.code, ANONYMOUS, "还是满的")
    case = await city.case(opened.id)
    assert (case.state, case.reopen_count, case.closed_at) == ("open", 1, None)
    await city.close(opened)
    assert (await city.case(opened.id)).state == "closed"


async def test_超过三十天不能重新办理_并会归档(city: SmallCity) -> None:
    opened = await city.report()
    await city.close(opened)
    await city.wait(days=31)
    with pytest.raises(errors.OperationNotNow, match="30 days"):
        await city.cases.operations.reopen(opened.number, opened.code, ANONYMOUS, "没修好")
    assert await city.cases.operations.archive_due() >= 1
    assert (await city.case(opened.id)).archived_at is not None


async def test_上报人信息默认脱敏_查看须说明用途并留痕(city: SmallCity) -> None:
    opened = await city.report()
    masked = await city.view(opened.id, by="acceptor1")
    assert (masked.reporter.name, masked.reporter.phone) == ("王**", "138****5678")
    shown = await city.view(opened.id, by="acceptor1", purpose="回访")
    assert (shown.reporter.name, shown.reporter.phone) == ("王小敏", "13812345678")
    assert (await city.verbs(opened.id))[-1] == "case.viewed"
    nobody = await city.view(opened.id, by="dispatcher1", purpose="好奇")
    assert nobody.reporter_masked


async def test_范围以外的案件等于不存在(city: SmallCity) -> None:
    opened = await city.report()
    for login in ("water-desk", "auditor"):
        with pytest.raises(NotFound):
            await city.view(opened.id, by=login)


async def test_日志里没有上报人的姓名和电话(city: SmallCity) -> None:
    opened = await city.report()
    await city.close(opened)
    async with city.services.context.database.connection() as connection:
        rows = await journal.story(connection, opened.id)
    assert "13812345678" not in str(rows)
    assert "王小敏" not in str(rows)


async def test_周五下午派遣_四工作时到周一(city: SmallCity) -> None:
    friday = datetime(2026, 8, 7, 17, 0, tzinfo=CHINA)
    if city.now() < friday:
        await city.until(friday)
    opened = await city.report()
    await city.to(opened, "dispatch")
    await city.step(opened.id, "dispatch", department="city-management", limit="4工作时")
    due = (await city.case(opened.id)).due_at
    assert due is not None
    assert due.astimezone(CHINA) == datetime(2026, 8, 10, 11, 0, tzinfo=CHINA)
