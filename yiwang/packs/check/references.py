"""Whether everything that a pack names exists: flows, class trees, tables, classes, departments, posts, roles, other packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from yiwang.casework.declarations import CaseTypeDeclaration, ClassTree
from yiwang.flow.model import DecisionTask
from yiwang.identity.declarations import PostKindDeclaration, RoleDeclaration
from yiwang.packs.check.grants import check_grants
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.model.pack import RolesFile
from yiwang.packs.source import Source, Trail

BUILT_IN_DEPARTMENTS = frozenset({"centre"})
"""The kind of department that every city has: the supervision centre (监督中心)."""


def unknown(findings: Findings, place: Place, what: tuple[str, str], name: str, known: Iterable[str]) -> None:
    """Say that ``what`` (Chinese, English) called ``name`` does not exist, and what may have been meant."""
    zh, en = suggestion(name, known)
    findings.add(place, "reference.unknown", what_zh=what[0], what_en=what[1], id=name, hint_zh=zh, hint_en=en)


def check_references(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """References of one pack, to itself and to the packs that it needs."""
    if not _check_needs(pack, packs, findings):
        return
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    for case in pack.cases:
        _check_case(case, reach, findings)
    _check_tables(pack, reach, findings)
    _check_departments(pack, reach, findings)
    _check_asked(pack, reach, findings)
    _check_roles(pack, reach, findings)
    _check_channels(pack, reach, findings)
    _check_strings(pack, findings)
    _check_unused(pack, packs, findings)
    if not pack.cases and not pack.signals and not pack.types:
        findings.add(pack.file.source.place(), "pack.no_case_type")


def _check_needs(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> bool:
    """Whether all packs that it needs are there; what it takes from one that is not would all be unknown."""
    missing = [(index, name) for index, name in enumerate(pack.file.value.needed_ids) if name not in packs]
    for index, need in enumerate(pack.file.value.needed):
        there = packs.get(need.pack)
        if there is not None and not need.takes(there.file.value.version):
            place, found = pack.file.source.place(("needs", index)), there.file.value.version
            findings.add(place, "pack.needs_version", pack=pack.id, needed=need.pack, range=need.range, found=found)
    for index, name in missing:
        zh, en = suggestion(name, packs)
        findings.add(pack.file.source.place(("needs", index)), "pack.needs_unknown", pack=name, hint_zh=zh, hint_en=en)
    return not missing


def needed(pack: Pack, packs: Mapping[str, Pack]) -> list[str]:
    """All packs that this one needs, also at second hand; without itself."""
    found: list[str] = []
    waiting = list(pack.file.value.needed_ids)
    while waiting:
        name = waiting.pop(0)
        if name in packs and name not in found and name != pack.id:
            found.append(name)
            waiting += packs[name].file.value.needed_ids
    return found


def check_needs_circle(packs: Mapping[str, Pack], findings: Findings) -> None:
    """Packs may not need each other in a circle; each circle is told once, at its first pack by name."""
    told: set[str] = set()
    for start in sorted(packs):
        circle = _way_back(start, packs)
        if circle and not told & set(circle):
            told.update(circle)
            place = packs[start].file.source.place(("needs",))
            findings.add(place, "pack.needs_circle", circle=" → ".join([*circle, start]))


def _way_back(start: str, packs: Mapping[str, Pack]) -> list[str]:
    """A shortest way over needs from the pack to itself, without its end; empty when there is none."""
    waiting, seen = [[start]], {start}
    while waiting:
        way = waiting.pop(0)
        for name in packs[way[-1]].file.value.needed_ids:
            if name == start:
                return way
            if name in packs and name not in seen:
                seen.add(name)
                waiting.append([*way, name])
    return []


def check_shared_words(packs: Sequence[Pack], findings: Findings) -> None:
    """Departments, posts and roles of the same code in several packs must be the same thing; numbers must differ."""
    departments: dict[str, Pack] = {}
    numbers: dict[str, Loaded[CaseTypeDeclaration]] = {}
    for pack in packs:
        for kind, words in pack.file.value.departments.items():
            other = departments.setdefault(kind, pack)
            theirs = other.file.value.departments[kind]
            if theirs != words:
                place = pack.file.source.place(("departments", kind))
                said = f"{theirs.zh} / {theirs.en}"
                findings.add(place, "pack.department_words", kind=kind, other=other.file.file, words=said)
        for case in pack.cases:
            first = numbers.setdefault(case.value.number, case)
            if first is not case:
                findings.add(case.source.place(("number",)), "number.shared", other=first.value.id)
    _check_shared_roles([pack.roles for pack in packs if pack.roles is not None], findings)


def _check_shared_roles(files: Sequence[Loaded[RolesFile]], findings: Findings) -> None:
    posts: dict[str, tuple[str, PostKindDeclaration]] = {}
    roles: dict[str, tuple[str, RoleDeclaration]] = {}
    for file in files:
        for index, post in enumerate(file.value.posts):
            where, earlier = posts.setdefault(post.code, (file.file, post))
            if earlier.names != post.names and where != file.file:
                said = f"{earlier.names.zh} / {earlier.names.en}"
                place = file.source.place(("posts", index, "names"))
                findings.add(place, "pack.post_differs", post=post.code, other=where, words=said)
        for index, role in enumerate(file.value.roles):
            where, same = roles.setdefault(role.code, (file.file, role))
            if same != role and where != file.file:
                findings.add(file.source.place(("roles", index)), "pack.role_differs", role=role.code, other=where)


def _check_case(case: Loaded[CaseTypeDeclaration], reach: Sequence[Pack], findings: Findings) -> None:
    declaration, source = case.value, case.source
    flows = {flow.key for pack in reach for flow in pack.flows}
    if declaration.flow not in flows:
        unknown(findings, source.place(("flow",)), ("流程", "flow"), declaration.flow, flows)
    trees = {tree.value.id: tree.value for pack in reach for tree in pack.classes}
    tree = trees.get(declaration.classes)
    if tree is None:
        unknown(findings, source.place(("classes",)), ("分类目录", "class tree"), declaration.classes, trees)
    elif declaration.default_class is not None:
        codes = {item.code for item in tree.classes}
        if declaration.default_class not in codes:
            place = source.place(("default_class",))
            unknown(findings, place, ("分类", "class"), declaration.default_class, codes)
    tables = {table.value.id: table.value for pack in reach for table in pack.rules}
    if declaration.dispatch is not None and declaration.dispatch not in tables:
        unknown(findings, source.place(("dispatch",)), ("派遣规则", "dispatch table"), declaration.dispatch, tables)
    posts = post_kinds(reach)
    for name, channel in declaration.channels.items():
        if channel.post is not None and channel.post not in posts:
            place = source.place(("channels", name, "post"))
            unknown(findings, place, ("岗位", "post"), channel.post, posts)
        for index, field in enumerate(channel.asks or ()):
            if field not in declaration.fields:
                place = source.place(("channels", name, "asks", index))
                unknown(findings, place, ("字段", "field"), field, declaration.fields)


def post_kinds(packs: Iterable[Pack]) -> dict[str, PostKindDeclaration]:
    """Every kind of post that the packs declare, by code."""
    return {post.code: post for pack in packs if pack.roles for post in pack.roles.value.posts}


def _check_tables(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    for table in pack.rules:
        codes = classes_of(table.value.id, reach)
        for index, row in enumerate(table.value.rows):
            for number, code in enumerate(row.classes):
                _check_row_class(code, codes, table.source.place(("rows", index, "classes", number)), findings)


def classes_of(table: str, reach: Sequence[Pack]) -> set[str]:
    """The codes of all classes for which a dispatch table is asked; of all there are, where nothing names the table."""
    codes_of = {tree.value.id: [item.code for item in tree.value.classes] for one in reach for tree in one.classes}
    used_with = {case.value.classes for one in reach for case in one.cases if case.value.dispatch == table}
    return {code for tree in used_with or set(codes_of) for code in codes_of.get(tree, ())}


def _check_row_class(code: str, codes: set[str], place: Place, findings: Findings) -> None:
    if not codes:
        return
    if code.endswith("*"):
        if not any(known.startswith(code[:-1]) for known in codes):
            findings.add(place, "reference.class_prefix", prefix=code[:-1])
    elif code not in codes:
        unknown(findings, place, ("分类", "class"), code, codes)


def departments_named(pack: Pack) -> list[tuple[str, Source, Trail, str]]:
    """(kind, file, place, what names it) for every department that classes and tables of the pack name."""
    named: list[tuple[str, Source, Trail, str]] = []
    for tree in pack.classes:
        for index, item in enumerate(tree.value.classes):
            if item.department is not None:
                trail: Trail = ("classes", index, "department")
                named.append((item.department, tree.source, trail, f"{item.code} {item.names.zh}"))
    for table in pack.rules:
        for index, row in enumerate(table.value.rows):
            named.append(
                (row.department, table.source, ("rows", index, "department"), f"{table.value.id} [{index + 1}]")
            )
    return named


def _check_asked(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    """Every decision table that a flow asks is there."""
    known = {table.value.id for one in reach for table in one.decisions}
    for flow in pack.flows:
        for node in flow.graph.nodes.values() if flow.graph else ():
            if isinstance(node, DecisionTask) and node.decision not in known:
                unknown(findings, flow.place(node.id), ("决策表", "decision table"), node.decision, known)


def _check_departments(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    kinds = {kind for one in reach for kind in one.file.value.departments} | BUILT_IN_DEPARTMENTS
    told: set[str] = set()
    for kind, source, trail, _ in departments_named(pack):
        if kind not in kinds and kind not in told:
            told.add(kind)
            unknown(findings, source.place(trail), ("部门类别", "kind of department"), kind, kinds)


def _check_roles(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    if pack.roles is None:
        return
    roles = {role.code for one in reach if one.roles for role in one.roles.value.roles}
    for index, post in enumerate(pack.roles.value.posts):
        for number, role in enumerate(post.roles):
            if role not in roles:
                place = pack.roles.source.place(("posts", index, "roles", number))
                unknown(findings, place, ("角色", "role"), role, roles)
    check_grants(pack.roles, findings)
    for room in ("posts", "roles"):
        seen: dict[str, int] = {}
        items: Sequence[PostKindDeclaration | RoleDeclaration] = getattr(pack.roles.value, room)
        for index, item in enumerate(items):
            if item.code in seen:
                place = pack.roles.source.place((room, index))
                where = f"{pack.roles.file}:{pack.roles.source.place((room, seen[item.code])).line}"
                findings.twice(place, room[:-1], item.code, where)
            seen.setdefault(item.code, index)


def _check_channels(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    """Who reports by a channel must be there, and allowed to report."""
    rooms = [one.roles.value for one in reach if one.roles]
    reporting = {
        role.code
        for room in rooms
        for role in room.roles
        if any(grant.kind in ("case", "*") and {"report", "*"} & {*grant.verbs} for grant in role.grants)
    }
    posts: dict[str, set[str]] = {}
    for kind in (kind for room in rooms for kind in room.posts):
        posts.setdefault(kind.code, set()).update(kind.roles)
    for case in pack.cases:
        for name, channel in case.value.channels.items():
            if channel.post is None:
                continue
            place = case.source.place(("channels", name, "post"))
            if channel.post not in posts:
                unknown(findings, place, ("岗位", "post"), channel.post, posts)
            elif not posts[channel.post] & reporting:
                findings.add(place, "case.channel_nobody", channel=name, post=channel.post)


def _check_strings(pack: Pack, findings: Findings) -> None:
    if not pack.strings:
        return
    for language, other in (("zh", "en"), ("en", "zh")):
        mine, theirs = pack.strings.get(language), pack.strings.get(other)
        if mine is None:
            continue
        for key in mine.value.texts:
            if theirs is None or key not in theirs.value.texts:
                findings.add(mine.source.key_place((key,)), "text.strings_differ", key=key, language=language)


def _check_unused(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    cases = [case.value for one in packs.values() for case in one.cases]
    for tree in pack.classes:
        _check_codes_twice(tree, findings)
    trees = {tree.value.id: tree.source.place(("id",)) for tree in pack.classes}
    tables = {table.value.id: table.source.place(("id",)) for table in pack.rules}
    flows = {flow.key: Place(flow.file) for flow in pack.flows}
    for mine, used, zh, en in (
        (trees, {case.classes for case in cases}, "分类目录", "class tree"),
        (tables, {case.dispatch for case in cases}, "派遣规则", "dispatch table"),
        (flows, {case.flow for case in cases}, "流程", "flow"),
    ):
        everywhere = {name for one in packs.values() for name in _names_in(one, en)}
        # A name that is misspelt where it is used is told there, not as unused here.
        if used - everywhere <= {None}:
            for name in sorted(mine.keys() - used):
                findings.add(mine[name], "reference.not_used", what_zh=zh, what_en=en, id=name)


def _names_in(pack: Pack, what: str) -> list[str]:
    match what:
        case "class tree":
            return [tree.value.id for tree in pack.classes]
        case "dispatch table":
            return [table.value.id for table in pack.rules]
        case _:
            return [flow.key for flow in pack.flows]


def _check_codes_twice(tree: Loaded[ClassTree], findings: Findings) -> None:
    source, first = tree.source, dict[str, int]()
    for index, item in enumerate(tree.value.classes):
        if item.code in first:
            where = f"{source.file}:{source.place(('classes', first[item.code], 'code')).line}"
            findings.twice(source.place(("classes", index, "code")), "class", item.code, where)
        first.setdefault(item.code, index)
        seen: dict[str, int] = {}
        for number, standard in enumerate(item.standards):
            if standard.id in seen:
                where = f"{source.file}:{source.place(('classes', index, 'standards', seen[standard.id])).line}"
                place = source.place(("classes", index, "standards", number, "id"))
                findings.twice(place, "standard", standard.id, where)
            seen.setdefault(standard.id, number)
