"""What people write in the simulated city: reports in the words of residents, opinions in the words of offices.

Reports are made of a class's own words (classes/*.yaml), the filing condition of one of its standards and a place's name,
so that they are as varied as the tree, and the city's own rules must recognise them.
"""

from __future__ import annotations

import random
import re

from yiwang.casework.declarations import CaseClass, Standard

_OPENINGS = (
    "",
    "",
    "",
    "您好,",
    "你好,我想反映个问题,",
    "麻烦派人看看,",
    "请问归谁管?",
    "我是附近居民,",
    "投诉一下,",
    "早上路过看到,",
)
_SPOTS = ("门口", "附近", "对面", "路口", "东侧", "西侧", "南门外", "北侧人行道", "旁边", "后面小路", "公交站边上", "")
_TAILS = (
    "",
    "",
    ",请尽快处理",
    ",麻烦处理一下",
    ",好几天了没人管",
    ",昨天就这样了",
    ",谢谢",
    ",影响出行",
    ",老人孩子走着不安全",
    ",反映过一次还是这样",
)
_TAILS_BY_HINT = (
    ("井盖|沟槽|塌陷|坑", (",晚上看不清,骑车差点摔倒", ",已经有人绊了一下", ",旁边就是学校,很危险")),
    ("垃圾|不洁|泔水|粪|尸体|污水", (",味道很大", ",招苍蝇", ",路过都要捂鼻子")),
    ("水|积水|爆", (",水都漫到人行道了", ",车过不去", ",水还在往外冒")),
    ("噪声|扰民|施工", (",晚上十一点还在响", ",家里有学生要休息", ",窗户都不敢开")),
    ("停放|单车|占道|经营|游商", (",轮椅和婴儿车过不去", ",把盲道都占了", ",早晚高峰特别堵")),
    ("灯", (",晚上一片黑", ",这一段路都不亮")),
    ("燃气|煤气|高空|线缆|电", (",太危险了请马上来人", ",我们不敢靠近", ",已经让路人绕行")),
)
_PREDICATE = re.compile("了|坏|倒|堵|漏|爆|没|乱|破|占|脏|臭|歪|断|裂|积水|塌|冒|不|挖|烧|砍|贴|发|闻|满|响|吵|枯|死")
_FAULT = re.compile("破损|缺损|污损|不洁|不清晰|满溢|脏乱")
_TOPICS = {
    "求助": ("{word}的事自己解决不了,请求帮助", "{word}好几天了,请帮忙协调", "因为{word}的事没法正常生活"),
    "咨询": ("咨询{word}怎么办理", "想问{word}归哪里管", "{word}需要带什么材料"),
    "投诉": ("投诉{word}问题", "{word}一直没人管", "{word}的事说了几次都没结果"),
    "举报": ("举报{word}", "有人违规,涉及{word}", "{word}疑似违法,请查处"),
    "建议": ("建议加强{word}方面的管理", "希望改进{word}", "表扬一下{word}方面的工作人员"),
    "紧急": ("{word},影响整栋楼", "{word},情况紧急"),
    "情况": ("{word}的事一直没人管", "因为{word}的事闹矛盾", "反映{word}问题"),
    "重大": ("{word},随时可能出事", "{word},非常危险"),
    "按计": ("{word}", "开展{word}"),
    "预警": ("{word}", "强降雨,查看{word}"),
}
"""By the first two characters of a standard's filing condition, for classes whose standards are kinds of appeal."""
_WORKERS = frozenset({"grid-worker", "self-settled", "community", "plan", "video", "leader"})
_POLITE = ("", "", ",谢谢", ",麻烦回复一下", ",盼答复")
_WORKER_TAILS = ("", ",已拍照", ",现场已设警示", ",建议尽快派遣", ",巡查发现")
_HOTLINE = ("来电人反映:", "市民来电:", "热线转办:", "")

FINISHED = (
    "已到场处置,{closing}。",
    "{closing},现场已清理。",
    "已安排班组处理完毕:{closing}。",
    "处置完成,请核查。",
    "已处理,{closing},附照片。",
)
CONFIRMED = ("情况属实,已处置到位。", "已核对现场照片,同意反馈。", "处置完成,提请核查。")
VERIFIED = ("现场核实,情况属实。", "到场查看,问题存在。", "属实,已拍照。")
NOT_FOUND = ("到场未发现所述问题。", "现场已自行恢复。", "位置走访一圈,未见该情况。")
CHECKED = ("现场核查,已恢复。", "核查通过,照片一致。", "问题已解决,周边整洁。")
NOT_CHECKED = ("现场仍有残留,未达到结案标准。", "只处理了一半,请返工。", "照片与现场不符,问题仍在。")
RETURNED = (
    "该处不属于我单位管养范围,请改派。",
    "经核对权属为其他单位,退回重新派遣。",
    "需由产权单位处置,我单位无权限。",
)
NOT_SHARED = ("用途超出本部门职责所需,请说明依据后再申请。", "申请的信息项多于用途所需,请减少后再申请。")
CORRECTED = ("已核对原始档案并更正。", "经电话核实后更正。", "原录入有误,已改。")
EXPLAINED = ("经核对档案,登记无误。", "与证照一致,已说明来源。")
NOT_CORRECTED = ("仍与证照不符,请再核实。", "只更正了一部分,请继续核实其余记录。")
REFUSED = ("不属于受理范围,已向来电人解释。", "属于业主自治事项,已告知联系物业。", "描述不清且无法联系反映人。")
EXTENSIONS = ("配件需从外地调运,申请延期。", "地下管线复杂,需先物探。", "夜间方可占道施工,申请延期。")
SUSPENSIONS = ("需纳入下月大修计划,先行挂账。", "雨季无法施工,待天气转好后恢复。", "权属正在协调,暂缓办理。")
SUPERVISIONS = ("领导批示,请抓紧办理。", "多人反映,限时办结。", "媒体关注,请当日反馈。")
URGINGS = ("请问什么时候来处理?", "已经等了很久,请催一下。", "还没看到人来。")
COMPLAINTS = ("其实没有修好,又坏了。", "只弄了表面,没过多久又这样。", "照片拍的不是我说的那个地方。")
ANSWERED = ("已向来电人解释有关政策,表示理解。", "已告知办理地点和所需材料。", "已查询进度并当场答复。")
UNCLEAR = ("位置描述不清,请补充核实。", "分类有误,请重新认定。", "请补充现场情况。")
UNREACHED = ("电话三次无人接听。", "号码停机,改发短信。", "来电人在外,约改日回访。")
ESCALATIONS = ("社区无执法权,请街镇协调。", "涉及多个部门,请上级分派。", "需要专业队伍处置。")
PATROL_FOUND = ("发现一处消防通道占用,已上报。", "发现护栏松动,已设警示。", "发现积水点,已联系排水。")
PATROL_MISSED = ("暴雨无法出巡,改日补巡。", "道路封闭,未能进入。")
DONE = ("已办理。",)
FIELDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("执法证号", ("津120111{serial}",)),
    ("证件号码", ("12011119000101{serial}",)),
    ("电话", ("1990000{serial}",)),
    ("当事人", ("{name}",)),
    ("收件人", ("{name}",)),
    ("现场情况", ("经现场检查,所反映的情况属实,已当场拍照取证。", "到场时违法行为正在进行,已责令当场停止。")),
    ("鉴定机构", ("区检测鉴定中心(演示)",)),
    ("鉴定意见", ("送检样品不符合规定限值。",)),
    ("法律条款", ("有关管理条例的禁止性规定",)),
    ("责令改正", ("立即停止违法行为,七日内改正",)),
    ("听证意见", ("事实清楚,证据充分,建议维持拟处罚意见。",)),
    ("文号", ("演示复决〔2026〕{serial}号",)),
    ("卷号", ("2026-{serial}",)),
    ("服务内容", ("按约定时间到场,服务已完成。", "已按求助内容办好,与求助人当面确认。")),
)
"""What is written into a field of a step, by a part of its name. Nobody lives who was born in 1900: the numbers are nobody's."""
CHOSEN = {"违法程度": "一般"}
"""Choices that are not the first one: the gravest and the slightest are rare."""
MONTHLY = ("本月承办任务按计划推进,无逾期。", "本月任务均已报送进展,下月继续落实。", "本月无新增承办任务。")
PROGRESS = ("方案已定,正在招标采购。", "已进场施工,按计划推进。", "已完成摸排,清单已建立。")
ACCEPTED = ("事项清楚,准予立案。", "符合立案条件。", "")
DISPATCHED = ("请按时限处置并反馈。", "请派专人到场。", "")
CLOSED = ("已达到结案标准,予以结案。", "核查通过,结案。")
VISITED = ("电话回访,反映人表示满意。", "回访:已解决。", "回访:处理及时。")

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹"
    "曾彭肖蔡潘田董袁于余叶蒋杜苏魏程吕丁任沈姚卢姜崔钟谭陆汪范金石"
)
_GIVEN = (
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀英",
    "建国",
    "桂兰",
    "志强",
    "婷婷",
    "晓东",
    "玉梅",
    "海燕",
    "文博",
    "思远",
)


def report_text(chance: random.Random, kind: CaseClass, standard: Standard, place: str, channel: str) -> str:
    """What a reporter writes about a matter of this class and standard at the place."""
    forms = _TOPICS.get(standard.filing.zh[:2])
    matter = _topic(chance, kind, forms) if forms else _matter(chance, kind, standard)
    where = place + chance.choice(_SPOTS) + ("," if forms else "")
    if channel in _WORKERS:
        return f"{where}{matter}{chance.choice(_WORKER_TAILS) if not forms else ''}。"
    opening = chance.choice(_HOTLINE if channel in ("hotline", "phone", "transfer") else _OPENINGS)
    return f"{opening}{where}{matter}{chance.choice(_POLITE if forms else _tails(kind))}"


def again_text(chance: random.Random, text: str) -> str:
    """The same matter in the words of another who passes by."""
    body = text.split(",")[-2] if text.count(",") > 1 else text
    return chance.choice(("我也要反映:", "又看到了:", "同样的问题:", "")) + body.strip("。") + chance.choice(_TAILS)


def words_of(chance: random.Random, sentences: tuple[str, ...], closing: str = "") -> str:
    """One of the sentences, with the closing condition where it has room for it."""
    return chance.choice(sentences).format(closing=closing or "问题已解决")


def field_text(known: str, name: str) -> str:
    """What the field with this Chinese name is given in a case: the party has one name wherever it is asked for."""
    person = person_name(random.Random(f"party of {known}"))  # noqa: S311 – a simulation, not a secret
    chance = random.Random(f"{name} of {known}")  # noqa: S311 – a simulation, not a secret
    serial = f"{chance.randint(0, 9999):04d}"
    sentences = next((found for part, found in FIELDS if part in name), DONE)
    return chance.choice(sentences).format(name=person, serial=serial)


def person_name(chance: random.Random) -> str:
    """A made-up name."""
    return chance.choice(SURNAMES) + chance.choice(_GIVEN)


def phone_number(chance: random.Random) -> str:
    """A made-up mobile number in the range 1990000xxxx, which no operator gives out to people."""
    return f"1990000{chance.randint(0, 9999):04d}"


def _matter(chance: random.Random, kind: CaseClass, standard: Standard) -> str:
    word = chance.choice(kind.words) if kind.words else kind.names.zh.removesuffix("异常")
    if _PREDICATE.search(word):
        return word
    state = re.split("[、，,；;。]", standard.filing.zh)[0]
    if kind.kind == "component":
        return f"的{word}{state}"
    fault = _FAULT.search(kind.names.zh)
    if fault is not None:
        return f"{word}{fault[0]}"
    return f"有{word}" if len(word) <= 4 else word


def _topic(chance: random.Random, kind: CaseClass, forms: tuple[str, ...]) -> str:
    word = chance.choice(kind.words) if kind.words else kind.names.zh
    return chance.choice(forms).format(word=word)


def _tails(kind: CaseClass) -> tuple[str, ...]:
    for hints, tails in _TAILS_BY_HINT:
        if re.search(hints, kind.names.zh):
            return (*tails, *_TAILS[:4])
    return _TAILS
