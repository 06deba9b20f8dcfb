"""What documents refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class DocumentUnknown(Problem):
    code = "document.unknown"
    status = 404
    zh = "没有这份文书,或您无权查看;请在案件的“文书”中查找。"
    en = "There is no such document, or you may not see it; look among the documents of its case."


class DocumentTypeUnknown(Problem):
    code = "document.type_unknown"
    status = 422
    zh = "这类案件没有文书“{type}”;可以出具的是:{known}。"
    en = "Cases of this kind have no document “{type}”; there are: {known}."


class DocumentIncomplete(Problem):
    code = "document.incomplete"
    status = 422
    zh = "《{title}》缺少内容:{missing}。请先在案件中补全,再出具。"
    en = "The document “{title}” lacks: {missing}. Complete the case first, then issue it."


class DocumentOfficeUnknown(Problem):
    code = "document.office_unknown"
    status = 422
    zh = "《{title}》的出具机关是{office},本案还没有;请先分派部门。"
    en = "The document “{title}” is issued by {office}, and the case has none yet; assign a department first."


class DocumentCaseClosed(Problem):
    code = "document.case_closed"
    status = 409
    zh = "案件已结案归档,不能再出具或更换《{title}》。"
    en = "The case is closed and filed; “{title}” can no longer be issued or replaced for it."


class DocumentEnded(Problem):
    code = "document.ended"
    status = 409
    zh = "文书 {number} 已{state_zh},不能再作废或更换。"
    en = "The document {number} is {state_en} and cannot be voided or replaced again."


class DocumentReasonNeeded(Problem):
    code = "document.reason_needed"
    status = 422
    zh = "作废或更换文书要写明原因(不少于两个字)。"
    en = "Say why the document is voided or replaced (at least two characters)."


class DocumentNotReady(Problem):
    code = "document.not_ready"
    status = 503
    zh = "文书 {number} 正在排版和签名,请几秒后再试。"
    en = "The document {number} is being set and signed; try again in some seconds."


class TypesettingFailed(Problem):
    code = "document.typesetting_failed"
    status = 500
    zh = "文书没有排成:{reason}。编号已保留,修好后会自动排出。"
    en = "The document could not be typeset: {reason}. Its number is kept; it is set as soon as this is mended."


class FontMissing(Problem):
    code = "document.font_missing"
    status = 500
    zh = "{folder} 中没有中文字体 {family};请安装 fonts-noto-cjk,或用 YIWANG_DOCUMENT_FONTS 指出字体文件夹。"
    en = "There is no Chinese font {family} in {folder}; install fonts-noto-cjk, or name its folder in YIWANG_DOCUMENT_FONTS."


class DocumentCheckFailed(Problem):
    code = "document.check_failed"
    status = 404
    zh = "查无此文书:文号与核验码不相符,请对照文书末页的“核验码”重新填写。"
    en = "No such document: number and code do not belong together; copy both from the foot of the document."


class DocumentKeyUnknown(Problem):
    code = "document.key_unknown"
    status = 404
    zh = "没有编号为“{id}”的签名公钥。"
    en = "There is no signing key “{id}”."
