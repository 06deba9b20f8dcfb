"""The library of the Common Expression Language (CEL), without its command line.

The package imports its own command line with itself: terminal colours, prompts and highlighting, some 25 MB in every process
and a third of a second of every start. Nobody here calls it, so an empty module stands in its place. Import ``cel`` from
here only.
"""

from __future__ import annotations

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402  # after its command line has been left out

__all__ = ["cel"]
