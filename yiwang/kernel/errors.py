"""The one envelope for every refusal: RFC 9457 problem+json with a stable code and words in Chinese and English.

Raise a subclass of :class:`Problem` with its data as keywords; the words are formatted from that data and say what to do next::

    class PlaceOutsideCity(Problem):
        code = "case.place_outside_city"
        status = 422
        zh = "位置({lon}, {lat})不在本市范围内,请在地图上重新选点。"
        en = "The place ({lon}, {lat}) lies outside the city; choose a point on the map again."

    raise PlaceOutsideCity(lon=117.05, lat=39.06)

Every subclass registers itself by code, so that the error reference in docs is generated and checked by a test.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel

from yiwang.kernel.grant_words import grant_words

type_uri_prefix = "urn:yiwang:problem:"

REGISTRY: dict[str, type[Problem]] = {}


class FieldError(BaseModel):
    """One wrong field: where it stands (JSON pointer, file:line or row/column), a code, and words in both languages."""

    where: str
    code: str
    zh: str
    en: str


class Problem(Exception):
    """Base of all refusals. ``status`` is the HTTP status; ``data`` is sent to the client, so it holds no secret."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    zh: ClassVar[str] = "系统内部错误,请稍后再试;如反复出现,请把编号 {trace} 告诉管理员。"
    en: ClassVar[str] = "Internal error; try again later. If it persists, tell the administrator the number {trace}."

    def __init_subclass__(cls) -> None:
        other = REGISTRY.get(cls.code)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"error code {cls.code!r} is taken by {other.__qualname__}")
        REGISTRY[cls.code] = cls

    def __init__(self, *, errors: list[FieldError] | None = None, **data: object) -> None:
        self.data = data
        self.errors = errors or []
        super().__init__(self.message("en"))

    def message(self, language: str = "zh") -> str:
        """The sentence for a person, in ``zh`` or ``en``; a missing datum shows as an ellipsis rather than failing."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map(_Data(self.data))

    def body(self, language: str = "zh") -> dict[str, object]:
        """The RFC 9457 members, with ``code``, both languages and the data as extensions."""
        body: dict[str, object] = {
            "type": type_uri_prefix + self.code,
            "title": self.message(language),
            "status": self.status,
            "code": self.code,
            "zh": self.message("zh"),
            "en": self.message("en"),
            **({"data": self.data} if self.data else {}),
        }
        if self.errors:
            body["errors"] = [error.model_dump() for error in self.errors]
        return body


class _Data(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


class InvalidInput(Problem):
    code = "input.invalid"
    status = 422
    zh = "有 {count} 处填写不符合要求,请按提示修改后重新提交。"
    en = "{count} fields are not acceptable; correct them as listed and send again."


class NotFound(Problem):
    code = "not_found"
    status = 404
    zh = "没有找到{what},或您无权查看。"
    en = "{what} was not found, or you may not see it."


class SignInNeeded(Problem):
    code = "identity.sign_in_needed"
    status = 401
    zh = "请先登录。"
    en = "Sign in first."


class Forbidden(Problem):
    code = "identity.forbidden"
    status = 403
    zh = "您的岗位没有“{verb}”权限;如需要,请联系安全管理员授权。"
    en = "Your posts do not grant “{verb}”; ask the security administrator for it if you need it."

    def message(self, language: str = "zh") -> str:
        """The grant in words; ``data`` keeps it as roles write it."""
        wanted: Literal["zh", "en"] = "zh" if language.startswith("zh") else "en"
        words = {**self.data, "verb": grant_words(str(self.data.get("verb", "…")), wanted)}
        return (self.zh if wanted == "zh" else self.en).format_map(_Data(words))


class Conflict(Problem):
    code = "conflict"
    status = 409
    zh = "数据已被他人修改,请刷新后再试。"
    en = "The data was changed by somebody else; refresh and try again."


class TooLarge(Problem):
    code = "input.too_large"
    status = 413
    zh = "内容过大:上限 {limit},收到 {size}。请压缩或分次提交。"
    en = "Too large: at most {limit}, got {size}. Compress it or send it in parts."


class TooManyRequests(Problem):
    code = "input.too_many_requests"
    status = 429
    zh = "请求过于频繁,请 {seconds} 秒后再试。"
    en = "Too many requests; try again in {seconds} s."


class ProofNeeded(Problem):
    """Asked of the public above a rate: ``data`` says which stamp to compute (see :mod:`yiwang.http.challenge`)."""

    code = "input.proof_needed"
    status = 428
    zh = "这会儿提交较多,请先完成一次防滥用小计算(约一秒)再提交:网页会自动完成;程序请按 data 计算请求头 {header}。"
    en = (
        "Many are sending just now: a small computation against abuse (about a second) comes first. The web page does it "
        "by itself; a program computes the header {header} as data says."
    )


class Unavailable(Problem):
    code = "unavailable"
    status = 503
    zh = "服务暂时不可用({reason}),请稍后再试;未确认的提交请用同一幂等键重发。"
    en = "The service is not available just now ({reason}); try again shortly, with the same idempotency key."


class UnreadableBody(Problem):
    code = "input.unreadable"
    status = 400
    zh = "请求内容无法读取:{reason}。"
    en = "The request body cannot be read: {reason}."
