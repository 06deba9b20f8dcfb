"""What a computation of a pack may be written with, and how its file becomes functions.

The file is checked before it is run: whole expressions and definitions of functions, names of a few modules that do arithmetic
with numbers, times and collections, no attribute that begins with an underscore, no loop without end. It therefore cannot
read, write, wait or keep anything between two calls. The same check stands in ``yiwang check``, which names file and line.
"""

from __future__ import annotations

import ast
import builtins
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Final, TypeAlias

from yiwang.sensing.computing.window import Window

Function: TypeAlias = Callable[[Window], Mapping[str, Decimal | int | None]]

MODULES: Final = (
    "__future__",
    "collections.abc",
    "datetime",
    "decimal",
    "fractions",
    "itertools",
    "math",
    "statistics",
    "typing",
    "yiwang.sensing.computing.window",
)
"""What may be imported from, by ``from … import …``."""

_BUILTINS = (
    "abs all any bool dict divmod enumerate filter float frozenset int isinstance len list map max min next pow range reversed "
    "round set slice sorted str sum tuple zip True False None ArithmeticError Exception KeyError LookupError ValueError "
    "ZeroDivisionError"
)
BUILTINS: Final = frozenset(_BUILTINS.split())
_REFUSED_ATTRIBUTES = (
    "format format_map mro gi_frame gi_code gi_yieldfrom cr_frame cr_code ag_frame ag_code f_back f_builtins f_globals f_locals "
    "tb_frame tb_next now utcnow today"
)
_ATTRIBUTES: Final = frozenset(_REFUSED_ATTRIBUTES.split())
"""Ways around the check, and what would make the answer depend on when it is asked."""
_REFUSED: Final[Mapping[type[ast.AST], tuple[str, str]]] = {
    ast.While: ("while 循环", "while loops"),
    ast.ClassDef: ("class 定义", "definitions of classes"),
    ast.With: ("with 语句", "with statements"),
    ast.Global: ("global", "global"),
    ast.Nonlocal: ("nonlocal", "nonlocal"),
    ast.Delete: ("del", "del"),
    ast.AsyncFunctionDef: ("异步函数", "asynchronous functions"),
    ast.AsyncFor: ("异步循环", "asynchronous loops"),
    ast.AsyncWith: ("异步 with", "asynchronous with"),
    ast.Await: ("await", "await"),
    ast.Yield: ("yield", "yield"),
    ast.YieldFrom: ("yield", "yield"),
    ast.Import: ("import 整个模块(请写 from … import …)", "imports of whole modules (write from … import …)"),
}
MOST_CHARACTERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class CodeFault:
    """What may not stand in a computation: line and column from 1."""

    line: int
    column: int
    zh: str
    en: str


class CodeRefused(Exception):
    """A file that :func:`faults_of` finds fault with is not run."""

    def __init__(self, name: str, faults: Sequence[CodeFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{name}:{fault.line}: {fault.en}" for fault in faults))


def faults_of(text: str) -> list[CodeFault]:
    """Everything in the text of a file that keeps it from being run."""
    if len(text) > MOST_CHARACTERS:
        return [CodeFault(1, 1, f"文件超过 {MOST_CHARACTERS} 个字符", f"more than {MOST_CHARACTERS} characters")]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, column = (error.lineno or 1, error.offset or 1) if isinstance(error, SyntaxError) else (1, 1)
        return [CodeFault(line, column, f"不是 Python:{error}", f"not Python: {error}")]
    return [*_at_the_top(tree), *_names(tree), *(fault for node in ast.walk(tree) for fault in _of_node(node))]


def functions_in(text: str) -> set[str]:
    """The functions of one parameter that a file defines; none where it is not Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return set()
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in functions if len(node.args.args) == 1 and not node.name.startswith("_")}


def load(name: str, text: str) -> ModuleType:
    """The file as a module, run with nothing but what it may use.

    Raises:
        CodeRefused: see :func:`faults_of`. Exception: whatever its top level raises.
    """
    faults = faults_of(text)
    if faults:
        raise CodeRefused(name, faults)
    module = ModuleType(name)
    allowed = {key: getattr(builtins, key) for key in BUILTINS if hasattr(builtins, key)}
    module.__dict__["__builtins__"] = {**allowed, "__import__": _import}
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - what the check above lets pass, with few built-ins
    return module


def function_of(module: ModuleType, name: str) -> Function | None:
    """A function of a loaded file by name."""
    found = module.__dict__.get(name)
    return found if callable(found) else None


def _import(
    name: str,
    globals_: Mapping[str, object] | None = None,
    locals_: Mapping[str, object] | None = None,
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> ModuleType:
    if name not in MODULES or level or not fromlist:
        raise ImportError(f"a computation may not import {name}")
    return importlib.import_module(name)


def _at_the_top(tree: ast.Module) -> Iterator[CodeFault]:
    for node in tree.body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not isinstance(node, ast.FunctionDef | ast.ImportFrom | ast.Assign | ast.AnnAssign):
            yield _fault(
                node, "顶层只能是导入、常量和函数", "the top level holds imports, constants and functions only"
            )


def _of_node(node: ast.AST) -> Iterator[CodeFault]:
    refused = _REFUSED.get(type(node))
    if refused is not None:
        yield _fault(node, f"不允许 {refused[0]}", f"not allowed: {refused[1]}")
    if isinstance(node, ast.Attribute) and (node.attr.startswith("_") or node.attr in _ATTRIBUTES):
        yield _fault(node, f"不允许属性 .{node.attr}", f"the attribute .{node.attr} is not allowed")
    if isinstance(node, ast.ImportFrom):
        yield from _of_import(node)
    if isinstance(node, ast.FunctionDef | ast.Lambda) and any(not _plain(one) for one in _defaults(node)):
        yield _fault(node, "参数默认值须是常量", "defaults of parameters must be constants")


def _of_import(node: ast.ImportFrom) -> Iterator[CodeFault]:
    name = node.module or "."
    if name not in MODULES or node.level:
        allowed = ", ".join(module for module in MODULES if module != "__future__")
        yield _fault(node, f"不能导入 {name};可用:{allowed}", f"{name} may not be imported; there are {allowed}")
        return
    module = importlib.import_module(name)
    public = set(getattr(module, "__all__", [key for key in vars(module) if not key.startswith("_")]))
    if name == "__future__":
        public = {"annotations"}
    if name == "yiwang.sensing.computing.window":
        public = {"Sample", "Window"}
    for alias in node.names:
        known = alias.name in public and not isinstance(getattr(module, alias.name, None), ModuleType)
        if not known or (alias.asname or "").startswith("__"):
            yield _fault(node, f"{name} 没有可用的 {alias.name}", f"{name} has no {alias.name} to use")


def _names(tree: ast.Module) -> Iterator[CodeFault]:
    """Every name is the file's own, imported, or one of the few built-in ones."""
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.ImportFrom):
            own |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and (
            node.id.startswith("__") or (node.id not in own and node.id not in BUILTINS)
        ):
            yield _fault(node, f"不能使用 {node.id}", f"{node.id} cannot be used here")


def _defaults(node: ast.FunctionDef | ast.Lambda) -> list[ast.expr]:
    return [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]


def _plain(node: ast.expr) -> bool:
    """Whether nothing can be kept in it from one call to the next."""
    return not isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _fault(node: ast.AST, zh: str, en: str) -> CodeFault:
    return CodeFault(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1, zh, en)
