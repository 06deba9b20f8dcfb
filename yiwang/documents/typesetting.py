"""From what a document says to a PDF (PDF/A-2b): our own layout in Typst (``data/letter.typ``), fonts embedded as subsets.

The words come as data, never as a program of the layout. Setting is done in a process of its own with limits of time and
memory, so that nothing that a template or a case contains can hold the server up. The same content and moment give the
same bytes.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from datetime import datetime
from pathlib import Path

import orjson

from yiwang.documents.errors import FontMissing, TypesettingFailed
from yiwang.kernel.database import JsonObject
from yiwang.kernel.settings import Settings

FAMILY = "Noto Serif CJK SC"
_most_seconds = 60
_most_memory = 4 * 2**30
"""Address space: the fonts are mapped, some gigabytes of addresses are no memory."""
_layout = Path(__file__).parent / "data" / "letter.typ"


def fonts_of(settings: Settings) -> Path:
    """The folder in which fonts are sought: what ``scripts/fonts.sh`` fetched, else as it is set."""
    fetched = settings.home / "fonts"
    return fetched if fetched.is_dir() else settings.document_fonts


async def typeset(content: JsonObject, at: datetime, fonts: Path) -> bytes:
    """The PDF. ``at`` is the moment that its properties tell, ``fonts`` the folder in which fonts are sought.

    Raises:
        FontMissing, TypesettingFailed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yiwang.documents.typesetting", str(int(at.timestamp())), str(fonts),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        pdf, said = await asyncio.wait_for(process.communicate(orjson.dumps(content)), _most_seconds)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise TypesettingFailed(reason=f"> {_most_seconds} s") from error
    if process.returncode == 3:
        raise FontMissing(folder=str(fonts), family=FAMILY)
    if process.returncode != 0 or not pdf.startswith(b"%PDF"):
        raise TypesettingFailed(reason=said.decode("utf-8", "replace").strip()[-300:] or str(process.returncode))
    return pdf


def main() -> int:
    """The other process: content on the input, PDF on the output; 3 when there is no font."""
    import typst

    resource.setrlimit(resource.RLIMIT_CPU, (_most_seconds, _most_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_most_memory, _most_memory))
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[Path(sys.argv[2])])
    if FAMILY not in fonts.families():
        return 3
    compiler = typst.Compiler(
        _layout.read_bytes(), font_paths=fonts, sys_inputs={"content": sys.stdin.buffer.read().decode()}
    )
    pdf = compiler.compile(format="pdf", pdf_standards="a-2b", timestamp=int(sys.argv[1]))
    sys.stdout.buffer.write(pdf if isinstance(pdf, bytes) else b"")
    return 0


if __name__ == "__main__":
    sys.exit(main())
