"""The ballot box (票箱): ballots sealed until the end, codes and receipts kept as digests only.

The key file lies in ``HOME/vote-keys`` and goes with backups of the home. Who holds the database without it reads neither what
was voted nor by which code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import orjson

from yiwang.kernel.identifiers import new_code
from yiwang.kernel.sealing import KeyRing, keyed_sm3, written
from yiwang.kernel.text import half_width
from yiwang.voting.model import Ballot, CastHow, Choices

key_file_name = "vote-keys"
_purpose = b"yiwang voting: digests"
_groups = 4
_code_letters = 12


class Box:
    """Seals ballots, makes and recognises codes. One per process."""

    def __init__(self, home: Path) -> None:
        self._ring = KeyRing(home / key_file_name)
        self._digest_key: bytes | None = None

    def seal(self, ballot: Ballot) -> tuple[str, str]:
        """(key, sealed)."""
        body = {
            "choices": {nth: list(chosen) for nth, chosen in ballot.choices.items()},
            "weight": ballot.weight,
            "how": ballot.how,
            "voice": str(ballot.voice) if ballot.voice is not None else None,
        }
        return self._ring.seal(orjson.dumps(body))

    def open(self, key: str, sealed: str) -> Ballot:
        """What was sealed.

        Raises:
            KeyMissing, KeyFileUnreadable.
        """
        body = orjson.loads(self._ring.open(key, sealed))
        how: CastHow = body["how"]
        voice = UUID(body["voice"]) if body["voice"] else None
        return Ballot(choices_of(body["choices"]), int(body["weight"]), how, voice)

    def digest(self, what: str, text: str) -> str:
        """What stands in the database for a code, a receipt, or the last four signs of a number."""
        if self._digest_key is None:
            self._digest_key = keyed_sm3(self._ring.oldest().value, _purpose)
        return written(keyed_sm3(self._digest_key, f"{what}\x1f{text}".encode())[:18])

    def owner(self, vote_id: UUID, last_four: str) -> str:
        """The digest of an owner's last four signs, in one vote."""
        return self.digest(f"owner {vote_id}", last_four)


def choices_of(raw: Mapping[str, list[str]]) -> Choices:
    return {nth: tuple(chosen) for nth, chosen in raw.items()}


def fresh_code() -> str:
    """A code of 59 random bits in groups of four."""
    letters = new_code(_code_letters)
    return "-".join(letters[start : start + _groups] for start in range(0, _code_letters, _groups))


def same_code(text: str) -> str:
    """A code as somebody typed it, in the form in which it is compared."""
    letters = "".join(letter for letter in half_width(text).upper() if letter.isalnum())
    return "-".join(letters[start : start + _groups] for start in range(0, len(letters), _groups))


def last_four(number: str) -> str:
    """The last four signs of an identity number, as they are compared."""
    return "".join(letter for letter in half_width(number).upper() if letter.isalnum())[-4:]
