"""What the packs engine refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class CityInvalid(Problem):
    code = "packs.city_invalid"
    status = 422
    zh = "城市文件夹 {folder} 有 {count} 处错误,没有发布任何内容。请运行 yiwang check 查看全部:\n{details}"
    en = "The city folder {folder} has {count} errors; nothing was published. Run yiwang check to see all:\n{details}"


class InstallFailed(Problem):
    code = "packs.install_failed"
    status = 422
    zh = "发布到“{engine}”时被拒绝:{reason_zh} 之前已完成:{done}。改正后重新运行即可,已完成的部分不会重复。"
    en = "“{engine}” refused what was published: {reason_en} Done before: {done}. Correct it and run again."


class CityNotSimulable(Problem):
    code = "packs.city_not_simulable"
    status = 422
    zh = "城市 {city} 不能模拟:{reason_zh}"
    en = "The city {city} cannot be simulated: {reason_en}"


class NoSimulatedTime(Problem):
    code = "packs.no_simulated_time"
    status = 409
    zh = "{url} 的城市按真实时间运行,时间不能调整。请在 city.yaml 的 demo 下写 day(start、speed),换一个 YIWANG_HOME 重新启动。"
    en = (
        "The city at {url} runs on real time, which cannot be turned; write day (start, speed) under demo in city.yaml and "
        "start it as a demo with another YIWANG_HOME."
    )


class DemoAccountsRefused(Problem):
    code = "packs.demo_accounts_refused"
    status = 403
    zh = "{url} 不认演示账号 {login}({reason})。请确认那里运行的就是城市 {city},并且是以演示方式(YIWANG_DEMO=true)发布的。"
    en = "{url} does not know the demo account {login} ({reason}); is it the city {city}, published as a demo (YIWANG_DEMO=true)?"


class NoSkeleton(Problem):
    code = "packs.no_skeleton"
    status = 422
    zh = "没有新建应用包:{reason_zh}。"
    en = "No pack was made: {reason_en}."


class PacksWouldLose(Problem):
    code = "packs.would_lose"
    status = 409
    zh = "没有发布:有 {count} 处会使在办案件或已有记录失去依托。请按各项说明修改后再发布。"
    en = "Nothing was published: {count} changes would leave running cases or records behind. Do as each says, then again."
