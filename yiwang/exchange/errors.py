"""What the exchange refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class ResourceUnknown(Problem):
    code = "resource.unknown"
    status = 404
    zh = "没有编号为“{id}”的信息资源,或您无权查看;请在目录中查找。"
    en = "There is no resource “{id}”, or you may not see it; look it up in the catalogue."


class ResourceInvalid(Problem):
    code = "resource.invalid"
    status = 422
    zh = "该资源有 {count} 处不符合目录编制要求,请按各项说明补正。"
    en = "{count} parts of the resource do not fit the guide of the catalogue; correct them as each says."


class ResourceStateWrong(Problem):
    code = "resource.state"
    status = 409
    zh = "该资源现为“{state_zh}”,不能{verb_zh};可以进行的是:{possible_zh}。"
    en = "The resource is “{state_en}” and cannot be taken “{verb}” now; possible are: {possible}."


class ResourceChanged(Problem):
    code = "resource.changed_meanwhile"
    status = 409
    zh = "该资源刚被他人修改(现为第 {revision} 次修订);请对照最新内容后再保存。"
    en = "Somebody else has just changed the resource (revision {revision} now); compare with it and save again."


class NoteNeeded(Problem):
    code = "resource.note_needed"
    status = 422
    zh = "请写明原因(不少于两个字),提供方和使用方都会看到。"
    en = "Say why (at least two characters); provider and consumers will see it."


class ProviderUnknown(Problem):
    code = "resource.provider_unknown"
    status = 422
    zh = "没有机构“{provider}”;请选择本市机构。"
    en = "There is no organisation “{provider}”; choose one of the city's."


class ShareUnknown(Problem):
    code = "share.unknown"
    status = 404
    zh = "没有编号为“{id}”的共享申请或授权,或您无权查看。"
    en = "There is no request or grant “{id}”, or you may not see it."


class ShareInvalid(Problem):
    code = "share.invalid"
    status = 422
    zh = "申请有 {count} 处不符合要求,请按各项说明修改。"
    en = "{count} parts of the request do not fit; correct them as each says."


class ShareNotOffered(Problem):
    code = "share.not_offered"
    status = 409
    zh = "该资源现在不能申请共享:{reason_zh}。"
    en = "This resource cannot be asked for now: {reason_en}."


class ShareEnded(Problem):
    code = "share.ended"
    status = 409
    zh = "该申请或授权已结束({reason_zh}),不能再这样做。"
    en = "The request or grant has ended ({reason_en}); this cannot be done any more."


class DeliveryOther(Problem):
    code = "share.delivery_other"
    status = 409
    zh = "该授权的交付方式是“{delivery_zh}”,不能{wanted_zh}。"
    en = "This grant is delivered as “{delivery}”; {wanted} is not possible."


class SignatureWrong(Problem):
    """Also for unknown keys: nobody learns from the answer which keys there are."""

    code = "share.signature_wrong"
    status = 401
    zh = "签名无效:{reason_zh}。请按接口说明重新计算签名。"
    en = "The signature does not hold: {reason_en}. Compute it as the interface's description says."


class RequestRepeated(Problem):
    code = "share.request_repeated"
    status = 409
    zh = "该随机数(nonce)已用过,请求被视为重放而拒绝;请换一个随机数重新签名。"
    en = "This nonce was used before, so the request is refused as a replay; sign anew with another one."


class GrantRevoked(Problem):
    code = "share.revoked"
    status = 403
    zh = "数据接口授权已失效({reason_zh});如仍需要,请重新申请。"
    en = "The grant of this interface does not hold any more ({reason_en}); ask for it again if you need it."


class QuotaSpent(Problem):
    code = "share.quota_spent"
    status = 429
    zh = "今日调用已达上限 {quota} 次,明日零时恢复;如需更多,请另行申请。"
    en = "Today's {quota} requests are spent; it goes on at midnight. Ask for more if you need it."


class FilterNotGranted(Problem):
    code = "share.filter_not_granted"
    status = 422
    zh = "不能按“{name}”筛选;可用的有:{known}。"
    en = "It cannot be filtered by “{name}”; possible are: {known}."


class ViewImpossible(Problem):
    code = "share.view_impossible"
    status = 409
    zh = "不能建立数据库视图:{reason_zh}。请改用接口或文件交付。"
    en = "The database view cannot be made: {reason_en}. Take the interface or files instead."


class FileUnknown(Problem):
    code = "share.file_unknown"
    status = 404
    zh = "没有该交换文件,或已被清理;请重新生成。"
    en = "There is no such file, or it was cleared away; put it down again."


class TooManyRows(Problem):
    code = "share.too_many_rows"
    status = 422
    zh = "超过一次文件交换的上限 {limit} 行;请按区划或条件缩小范围。"
    en = "More than the {limit} rows of one file drop; narrow it by area or filter."
