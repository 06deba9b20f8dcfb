"""Types of things, compiled: validators in people's words, normal forms, titles, keys, search terms, older versions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import jsonschema_rs
import orjson

from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import FieldError
from yiwang.kernel.formulas import Formulas
from yiwang.kernel.text import clean_line, search_terms
from yiwang.registry.declarations import CountDeclaration, OlderVersion, ThingType
from yiwang.registry.errors import FilterUnknown, TypeVersionUnreadable
from yiwang.registry.identifiers import FORMATS

_longest_title = 200
_longest_filter = 200


@dataclass(frozen=True)
class CompiledType:
    """A version of a type, ready to judge what is brought."""

    declaration: ThingType
    pack: str

    @property
    def id(self) -> str:
        return self.declaration.id

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            {
                "type": "object",
                "properties": {name: each.json_schema for name, each in self.declaration.attributes.items()},
                "required": [name for name, each in self.declaration.attributes.items() if each.required],
                "additionalProperties": False,
            },
            validate_formats=True,
            formats={name: _accepts(name) for name in FORMATS},
        )

    @cached_property
    def _normalised(self) -> dict[str, str]:
        """Attributes whose values have a normal form, and the name of their format."""
        return {
            name: form
            for name, each in self.declaration.attributes.items()
            if isinstance(form := each.json_schema.get("format"), str) and form in FORMATS
        }

    @cached_property
    def filters(self) -> frozenset[str]:
        return frozenset(name for name, each in self.declaration.attributes.items() if each.filter)

    @cached_property
    def sealed(self) -> frozenset[str]:
        return frozenset(name for name, each in self.declaration.attributes.items() if each.sealed)

    @cached_property
    def joined(self) -> dict[str, str]:
        """Sealed attributes that are found again across types, and the domain in which their values are compared."""
        return {
            name: f"format:{each.json_schema.get('format', 'text')}"
            for name, each in self.declaration.attributes.items()
            if each.joined
        }

    @cached_property
    def formulas(self) -> Formulas:
        """The calculated attributes. Raises FormulaInvalid where one cannot be used; `yiwang check` has looked."""
        declared = self.declaration.attributes
        texts = {name: each.calculated for name, each in declared.items() if each.calculated}
        return Formulas(texts, {name: each.json_schema for name, each in declared.items()})

    @cached_property
    def counted(self) -> dict[str, CountDeclaration]:
        """Attributes that count or sum related things."""
        declared = self.declaration.attributes
        return {name: each.counted for name, each in declared.items() if each.counted is not None}

    @cached_property
    def live(self) -> frozenset[str]:
        """Attributes that are reckoned when a record is read, because they rest on other records; never stored."""
        counts = frozenset(self.counted)
        return counts | self.formulas.resting_on(counts) if counts else counts

    @cached_property
    def kept(self) -> frozenset[str]:
        """Calculated attributes that are stored with the record, whose own attributes they rest on."""
        return frozenset(self.formulas.by_name) - self.live

    def calculated(self, attributes: JsonObject) -> JsonObject:
        """The attributes with what is calculated from them; whatever was brought in its place is dropped."""
        if not self.kept and not self.live:
            return attributes
        own = {name: value for name, value in attributes.items() if name not in self.live}
        return self.formulas.filled(own, self.kept)

    def normal(self, attributes: JsonObject) -> JsonObject:
        """The attributes with text tidied, identifiers in their normal form, and what is empty left out."""
        found: JsonObject = {}
        for name, value in attributes.items():
            tidy: Json = clean_line(value) if isinstance(value, str) else value
            if tidy is None or tidy == "":
                continue
            form = self._normalised.get(name)
            if form is not None and isinstance(tidy, str):
                tidy = _normal_forms[form](tidy) or tidy
            found[name] = tidy
        return found

    def faults(self, attributes: JsonObject) -> list[FieldError]:
        """Everything that does not fit, by JSON pointer, in words that say what is expected."""
        return [self._fault(error) for error in self._validator.iter_errors(attributes)]

    def fits(self, attributes: JsonObject) -> bool:
        return self._validator.is_valid(attributes)

    def _fault(self, error: jsonschema_rs.ValidationError) -> FieldError:
        path = [str(part) for part in error.instance_path]
        name = path[0] if path else ""
        known = self.declaration.attributes.get(name)
        label_zh, label_en = (known.names.zh, known.names.en) if known else (name, name)
        kind = error.kind
        where = "/" + "/".join(path)
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            missing = str(kind.property)
            attribute = self.declaration.attributes.get(missing)
            zh = attribute.names.zh if attribute else missing
            en = attribute.names.en if attribute else missing
            return FieldError(where=f"/{missing}", code="thing.missing", zh=f"缺少“{zh}”", en=f"{en} is missing")
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            strange = ", ".join(str(each) for each in kind.unexpected)[:200]
            known_names = "、".join(list(self.declaration.attributes)[:30])
            return FieldError(
                where="/", code="thing.attribute_unknown",
                zh=f"没有字段“{strange}”;可用的有:{known_names}",
                en=f"there is no attribute “{strange}”; known are: {known_names}",
            )  # fmt: skip
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Enum) and known is not None:
            options = known.json_schema.get("enum")
            words = options if isinstance(options, list) else []
            zh = "、".join(known.words[str(each)].zh if str(each) in known.words else str(each) for each in words[:40])
            en = ", ".join(known.words[str(each)].en if str(each) in known.words else str(each) for each in words[:40])
            return FieldError(
                where=where, code="thing.not_an_option",
                zh=f"“{label_zh}”应为以下之一:{zh}", en=f"{label_en} must be one of: {en}",
            )  # fmt: skip
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Format):
            expected = FORMATS.get(str(kind.format))
            zh = expected[1] if expected else str(kind.format)
            en = expected[2] if expected else str(kind.format)
            return FieldError(
                where=where, code="thing.format", zh=f"“{label_zh}”应为{zh}", en=f"{label_en} must be {en}"
            )
        zh, en = _expected(error)
        return FieldError(where=where, code="thing.value", zh=f"“{label_zh}”{zh}", en=f"{label_en} {en}")

    def title(self, attributes: Mapping[str, Json]) -> str:
        parts = [str(attributes[name]) for name in self.declaration.presentation.title if attributes.get(name)]
        return " ".join(parts)[:_longest_title]

    def keys(self, attributes: Mapping[str, Json]) -> dict[str, str]:
        """The natural keys that can be told: those whose attributes are all there."""
        return {
            name: "\x1f".join(str(attributes[part]) for part in parts)
            for name, parts in self.declaration.keys.items()
            if all(attributes.get(part) not in (None, "") for part in parts)
        }

    def terms(self, attributes: Mapping[str, Json]) -> tuple[str, ...]:
        """The lexemes by which a record is found: words of searchable attributes, ``name=value`` of filters. Of sealed
        attributes the blinds must stand in ``attributes`` (:mod:`yiwang.registry.sealing`)."""
        lexemes: dict[str, None] = {}
        for name, each in self.declaration.attributes.items():
            value = attributes.get(name)
            if value is None:
                continue
            if each.search and isinstance(value, str):
                lexemes.update(dict.fromkeys(search_terms(value)))
            if each.filter:
                lexemes.update(dict.fromkeys(_filter_lexemes(name, value)))
        return tuple(lexemes)

    def filter_query(self, filters: Mapping[str, str]) -> str:
        """The tsquery literal of exact filters.

        Raises:
            FilterUnknown: an attribute that lists cannot be filtered by.
        """
        parts = []
        for name, value in filters.items():
            if name not in self.filters:
                known = ", ".join(sorted(self.filters)) or "—"
                raise FilterUnknown(type=self.declaration.names.zh, name=name[:60], known=known)
            parts.append(_quoted(f"{name}={value}"[:_longest_filter]))
        return " & ".join(parts)

    def as_now(self, attributes: JsonObject, version: int) -> JsonObject:
        """Attributes recorded under an older version, as this one names them.

        Raises:
            TypeVersionUnreadable: the declaration does not say how.
        """
        current = self.declaration.version
        if version == current:
            return attributes
        steps: dict[int, OlderVersion] = {older.version: older for older in self.declaration.older}
        found = dict(attributes)
        for number in range(version, current):
            step = steps.get(number)
            if step is None:
                raise TypeVersionUnreadable(
                    type=self.declaration.names.zh, old=version, new=current,
                    reason_zh=f"older 中没有第 {number} 版", reason_en=f"version {number} is not under older",
                )  # fmt: skip
            found = {step.renamed.get(name, name): value for name, value in found.items() if name not in step.dropped}
            for name, value in step.given.items():
                found.setdefault(name, value)
        return self.formulas.filled(found, self.kept) if self.kept else found


_KINDS_OF_VALUE = {
    "integer": ("整数", "a whole number"), "number": ("数字", "a number"), "string": ("文字", "a text"),
    "boolean": ("是或否", "yes or no"), "array": ("若干项", "a list"), "object": ("一组内容", "an object"),
}  # fmt: skip


def _expected(error: jsonschema_rs.ValidationError) -> tuple[str, str]:
    """What the value should be, in both languages; the validator speaks English only."""
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Type):
        named = [_KINDS_OF_VALUE[name] for name in kind.types if name in _KINDS_OF_VALUE]
        return f"应为{'或'.join(zh for zh, _ in named)}", f"must be {' or '.join(en for _, en in named)}"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Minimum):
        return f"不能小于 {kind.limit}", f"must be at least {kind.limit}"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Maximum):
        return f"不能大于 {kind.limit}", f"must be at most {kind.limit}"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.MaxLength):
        return f"最多 {kind.limit} 个字", f"may have at most {kind.limit} characters"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.MinLength):
        return f"至少 {kind.limit} 个字", f"needs at least {kind.limit} characters"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Pattern):
        return f"不符合规定的写法({kind.pattern})", f"is not written as it must be ({kind.pattern})"
    return f"不符合要求:{error.message}", f"does not fit: {error.message}"


# A value is brought into its normal form and judged right afterwards: the second time costs nothing.
_normal_forms: dict[str, Callable[[str], str | None]] = {
    name: lru_cache(maxsize=1024)(each[0]) for name, each in FORMATS.items()
}


def _accepts(name: str) -> Callable[[str], bool]:
    normal = _normal_forms[name]
    return lambda text: normal(text) is not None


def _filter_lexemes(name: str, value: Json) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    for each in values:
        if isinstance(each, bool):
            yield f"{name}={'true' if each else 'false'}"
        elif isinstance(each, str | int | float):
            yield f"{name}={each}"[:_longest_filter]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def digest_of(attributes: JsonObject, geometry: str | None) -> bytes:
    """Twenty bytes that are equal exactly for equal content."""
    body = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS) + b"\0" + (geometry or "").encode()
    return hashlib.blake2b(body, digest_size=20).digest()
