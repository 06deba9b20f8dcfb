"""What casework refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class CaseTypeUnknown(Problem):
    code = "case.type_unknown"
    status = 422
    zh = "没有“{type}”这种案件;可用的有:{known}。"
    en = "There is no case type “{type}”; known are: {known}."


class CaseTypeRetired(Problem):
    code = "case.type_retired"
    status = 409
    zh = "“{name}”({type})已停用,不再受理新的事项;已受理的照常办完。请改用其他事项上报。"
    en = "“{name_en}” ({type}) is retired and takes no new cases; those that run are finished. Report by another case type."


class ChannelUnknown(Problem):
    code = "case.channel_unknown"
    status = 422
    zh = "“{type}”不接受渠道“{channel}”;可用的有:{known}。"
    en = "“{type}” takes no reports by “{channel}”; known channels: {known}."


class ChannelNotYours(Problem):
    code = "case.channel_not_yours"
    status = 403
    zh = "渠道“{channel}”只能由{post}岗位上报。"
    en = "Only the post {post} may report by “{channel}”."


class ReportRefused(Problem):
    code = "case.report_refused"
    status = 422
    zh = "{words_zh}"
    en = "{words_en}"


class ClassUnknown(Problem):
    code = "case.class_unknown"
    status = 422
    zh = "分类编码“{class_code}”不在“{system}”中,请从分类目录里选择。"
    en = "Class “{class_code}” does not stand in “{system}”; choose one from the class list."


class RepeatedDifferently(Problem):
    code = "case.repeated_differently"
    status = 409
    zh = "这个幂等键或来源编号已用于另一件上报;请换一个新的,或原样重发。"
    en = "This idempotency key or source number belongs to another report; use a new one, or send the same again."


class StandardUnknown(Problem):
    code = "case.standard_unknown"
    status = 422
    zh = "分类“{class_code}”没有立案标准“{standard}”;可选:{known}。"
    en = "Class “{class_code}” has no filing standard “{standard}”; choose one of: {known}."


class PlaceOutsideCity(Problem):
    code = "case.place_outside_city"
    status = 422
    zh = "位置({lon}, {lat})不在本市管辖范围内,请在地图上重新选点,或检查坐标系是否正确。"
    en = "The place ({lon}, {lat}) lies outside the city; choose the point again or check its coordinate system."


class TimeImpossible(Problem):
    code = "case.time_impossible"
    status = 422
    zh = "发生时间 {at} 不合理:应在最近一年内,且不晚于现在。"
    en = "The time {at} is impossible: it must lie within the last year and not in the future."


class PhotoUnknown(Problem):
    code = "case.photo_unknown"
    status = 422
    zh = "有照片不存在、已被使用或不是您上传的,请重新上传后再提交。"
    en = "A photo does not exist, is used already or is not yours; upload it again before sending."


class OutcomeNeeds(Problem):
    code = "case.outcome_needs"
    status = 422
    zh = "“{outcome}”还需要填写:{missing_zh}。"
    en = "“{outcome}” also needs: {missing}."


class DepartmentUnknown(Problem):
    code = "case.department_unknown"
    status = 422
    zh = "没有编码为“{department}”的部门或科室,请从组织机构中选择。"
    en = "There is no organisation with the code “{department}”; choose one from the organisation tree."


class SectionNotOfDepartment(Problem):
    code = "case.section_not_of_department"
    status = 422
    zh = "“{section}”不属于“{department}”,只能交办给本部门的科室或人员。"
    en = "“{section}” does not belong to “{department}”; assign within the department."


class ReceiverElsewhere(Problem):
    code = "case.receiver_elsewhere"
    status = 422
    zh = "只能转派给同一岗位或本单位的人员,“{person}”不是;需要其他单位办理时请退回重新派遣。"
    en = "A task is handed on within its post or organisation, and “{person}” is of neither; send it back to be dispatched."


class OperationNotNow(Problem):
    code = "case.operation_not_now"
    status = 409
    zh = "现在不能“{operation}”:{why_zh}。"
    en = "“{operation}” is not possible now: {why_en}."


class FollowCodeWrong(Problem):
    code = "case.follow_code_wrong"
    status = 404
    zh = "案件号或查询码不正确,请核对回执。"
    en = "The case number or the code is not right; check your receipt."


class AttachmentRefused(Problem):
    code = "attachment.refused"
    status = 422
    zh = "文件“{name}”不能接收:{why_zh}。"
    en = "The file “{name}” cannot be taken: {why_en}."


class AttachmentInfected(Problem):
    code = "attachment.infected"
    status = 422
    zh = "文件“{name}”未通过病毒检查,已拒收。"
    en = "The file “{name}” did not pass the virus check and was refused."


class CaseTypeInvalid(Problem):
    code = "case.type_invalid"
    status = 422
    zh = "案件类型“{type}”不能发布:{why}"
    en = "Case type “{type}” cannot be published: {why}"


class CaseTypeNotOnFlow(Problem):
    code = "case.type_not_on_flow"
    status = 409
    zh = "案件类型“{type}”没有在这一版流程上发布过(或其分类里没有 {class_code}),请先发布城市配置再迁移。"
    en = (
        "The case type “{type}” was never published on this version of its flow, or without the class {class_code};"
        " publish the city's declarations first, then migrate."
    )


class SearchTooWide(Problem):
    code = "case.search_too_short"
    status = 422
    zh = "搜索词至少要有两个字。"
    en = "A search needs at least two characters."


class ImportMappingInvalid(Problem):
    code = "import.mapping_invalid"
    status = 422
    zh = "映射文件 {file} 有误:{why}"
    en = "The mapping file {file} is wrong: {why}"


class ImportFileInvalid(Problem):
    code = "import.file_invalid"
    status = 422
    zh = "文件 {file} 不能导入:{why}"
    en = "The file {file} cannot be imported: {why}"


class ImportJudgeLost(Problem):
    code = "import.judge_lost"
    status = 500
    zh = "读取文件的进程意外结束(退出码 {exit_code}),可能是内存不足。已导入的行都在;请再次运行同一命令,从中断处继续。"
    en = (
        "The process that reads the file ended unexpectedly (exit code {exit_code}), perhaps for want of memory. What was"
        " imported stays; run the same command again to go on from there."
    )


class SearchTooBroad(Problem):
    code = "case.search_too_broad"
    status = 422
    zh = "条件太宽,未能及时查完。请缩小时间范围、区域或增加关键词。"
    en = "The search is too broad to finish in time; narrow the period or the area, or add words."
