"""The functions of a city's compute files, run only where `yiwang check` finds no error in the packs."""

from __future__ import annotations

from pathlib import Path

from yiwang.kernel import logs
from yiwang.packs.check import check_packs
from yiwang.packs.findings import Finding, shown
from yiwang.packs.loaded import Pack
from yiwang.packs.loader import listed_packs, pack_folders
from yiwang.sensing.computing.sandbox import CodeRefused, Function, function_of, functions_in, load

log = logs.get("packs")


def load_functions(packs: Path, city: Path | None = None) -> dict[tuple[str, str], Function]:
    """Every function of ``compute/`` by pack and ``file.function``, of packs in which the check finds no error.

    Takes a second where there are any; call it in a thread. ``city``: only packs that this city runs.
    """
    listed = None if city is None else listed_packs(city)
    wanted = {
        folder.name
        for folder in pack_folders(packs)
        if (listed is None or folder.name in listed) and any((folder / "compute").glob("*.py"))
    }
    if not wanted:
        return {}
    result = check_packs(packs, wanted)
    wrong = {item.file for item in result.findings if _keeps_from_running(item)}
    found: dict[tuple[str, str], Function] = {}
    for pack in result.packs:
        if pack.id not in wanted or not pack.compute:
            continue
        folder = shown(pack.folder)
        if any(file == folder or file.startswith(f"{folder}/") for file in wrong):
            log.error("a pack with errors is not computed; see yiwang check", pack=pack.id)
            continue
        found |= functions_of(pack)
    return found


def _keeps_from_running(finding: Finding) -> bool:
    """Errors about what a pack publishes; what proves it (scenarios, plan clauses, README) does not count, as at publishing."""
    proof = finding.code.startswith(("plan.", "scenario.", "pack.readme_missing")) or "/scenarios/" in finding.file
    return finding.level == "error" and not proof


def functions_of(pack: Pack) -> dict[tuple[str, str], Function]:
    """The functions of one pack, by pack and ``file.function``; files that may not be run are left out."""
    found: dict[tuple[str, str], Function] = {}
    for file in pack.compute:
        try:
            module = load(f"{pack.id}/compute/{file.path.name}", file.text)
        except (CodeRefused, ImportError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            log.warning("a compute file cannot be run", file=file.file, error=str(error))
            continue
        for name in functions_in(file.text):
            function = function_of(module, name)
            if function is not None:
                found[pack.id, f"{file.name}.{name}"] = function
    return found
