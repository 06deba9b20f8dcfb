"""The part of OData 4 that SensorThings asks with: expressions and options, parsed into records; no database, no entities.

Everything is bounded before it is read: length of a text, depth of nesting, number of members. What does not fit raises
:class:`~yiwang.sensing.sensorthings.errors.QueryInvalid` naming the place; nothing else escapes.
"""

from yiwang.sensing.sensorthings.odata.expressions import (
    Binary,
    Call,
    Expression,
    Kind,
    Literal,
    Path,
    Unary,
    parse_expression,
)
from yiwang.sensing.sensorthings.odata.options import Expansion, Options, Order, parse_options
from yiwang.sensing.sensorthings.odata.paths import Segment, parse_path

__all__ = [
    "Binary",
    "Call",
    "Expansion",
    "Expression",
    "Kind",
    "Literal",
    "Options",
    "Order",
    "Path",
    "Segment",
    "Unary",
    "parse_expression",
    "parse_options",
    "parse_path",
]
