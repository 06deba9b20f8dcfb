"""Packs that somebody still holds: a folder whose content is the same is not read twice.

A check meets each pack once by itself and again in every city that has it; a scenario's city is checked before it opens. Nothing
is kept that nobody holds, so a long-lived process keeps no packs because of this. Only packs without any finding stand
here: those of the others have to be told anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeAlias
from weakref import WeakValueDictionary

from yiwang.packs.loaded import Pack

Content: TypeAlias = tuple[str, str, bytes]
"""A folder as it stands: its path, the working folder (places are shown relative to it), and what its files hold."""

_held: WeakValueDictionary[Content, Pack] = WeakValueDictionary()


def content_of(folder: Path) -> Content | None:
    """What the folder holds now, empty folders and hidden files too, since the loader may have something to say of each; None
    where a file cannot be read, which is for the loader to tell."""
    found = hashlib.blake2b(digest_size=20)
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix().encode()
            data = path.read_bytes() if path.is_file() else b""
            found.update(b"%d:%d:" % (len(name), len(data)) + name + data)
        return str(folder.resolve()), str(Path.cwd()), found.digest()
    except OSError:
        return None


def held(content: Content | None) -> Pack | None:
    """The pack that was read from just that, if somebody still has it."""
    return None if content is None else _held.get(content)


def hold(content: Content | None, pack: Pack) -> None:
    """Remember what was read without a finding, for as long as somebody has it."""
    if content is not None:
        _held[content] = pack
