"""Arguments of an action, judged. By GET every value is a text, by POST it is JSON: both are understood. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from yiwang.kernel.database import Json, JsonObject

_longest = 1000
_most_listed = 200


class ActionRefused(Exception):
    """A refusal in CKAN's own form: its clients look for ``__type``."""

    def __init__(self, status: int, kind: str, **parts: Json) -> None:
        super().__init__(kind)
        self.status, self.error = status, {"__type": kind, **parts}


def not_found(what: str) -> ActionRefused:
    return ActionRefused(404, "Not Found Error", message=f"Not found: {what[:100]}")


def invalid(name: str, reason: str) -> ActionRefused:
    """An argument that is not acceptable."""
    reasons: JsonObject = {name[:60]: [reason]}
    return ActionRefused(409, "Validation Error", **reasons)


class Arguments:
    """What a caller gave, by name; unknown names are passed over, as CKAN does."""

    def __init__(self, given: JsonObject) -> None:
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        """Raises ActionRefused: no text, too long, or with control characters."""
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise invalid(name, "Must be a string")
        return clean(name, str(value))

    def needed(self, name: str) -> str:
        """Raises ActionRefused: missing, too."""
        found = self.text(name)
        if not found:
            raise invalid(name, "Missing value")
        return found

    def whole(self, name: str, default: int, most: int, *, refuse: bool = False) -> int:
        """A number from 0; beyond ``most``: that, or refused."""
        value = self._given.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(name, "Invalid integer")
        if value < 0:
            raise invalid(name, "Must be a natural number")
        if refuse and value > most:
            raise invalid(name, f"Must be at most {most}; take the whole file instead")
        return min(value, most)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value.lower() in ("true", "t", "yes", "y", "on", "1")
        return bool(value)

    def listed(self, name: str) -> list[str]:
        """Texts: a JSON list, or one text with commas."""
        value = self._json(name)
        if value is None or value == "":
            return []
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(name, "Must be a list of strings")
        if len(value) > _most_listed:
            raise invalid(name, f"Must have at most {_most_listed} members")
        return [clean(name, str(each)) for each in value]

    def mapping(self, name: str) -> Mapping[str, Json]:
        """An object, as JSON or as its text."""
        value = self._json(name)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise invalid(name, "Must be an object")
        if len(value) > _most_listed:
            raise invalid(name, f"Must have at most {_most_listed} members")
        return value

    def either(self, name: str) -> str | Mapping[str, Json]:
        """A text, or an object as JSON or as its text."""
        value = self._json(name)
        return value if isinstance(value, dict) else self.text(name)

    def _json(self, name: str) -> Json:
        value = self._given.get(name)
        if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
            try:
                found: Json = orjson.loads(value)
            except orjson.JSONDecodeError as error:
                raise invalid(name, "Cannot be parsed as JSON") from error
            return found
        return value


def clean(name: str, text: str) -> str:
    """The text without blanks around it; refused where it is too long or holds control characters."""
    if len(text) > _longest:
        raise invalid(name, f"Must be at most {_longest} characters long")
    if any(ord(character) < 32 and character not in "\t\n\r" for character in text):
        raise invalid(name, "Must not hold control characters")
    return text.strip()


def scalar(name: str, value: Json) -> str:
    """A value of a filter as the text by which it is compared."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return clean(name, str(value))
    raise invalid(name, "Must be a string, a number, true or false")
