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
