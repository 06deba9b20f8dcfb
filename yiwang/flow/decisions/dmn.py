"""Decision tables as DMN 1.3 (https://www.omg.org/spec/DMN/1.3): one decision with one decision table, both ways.

Our own settings stand in the namespace ``http://yiwang.dev/dmn/1`` (``yiwang:``): English words, kinds that FEEL does not have,
the examples. Cells that are CEL say so by ``expressionLanguage``; all others are FEEL as it is written.
"""

from __future__ import annotations

from yiwang.flow.decisions.dmn_reading import read_dmn
from yiwang.flow.decisions.dmn_writing import write_dmn

__all__ = ["read_dmn", "write_dmn"]
