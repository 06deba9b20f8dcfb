"""Walks (演练脚本): ``<flow>.walk.yaml`` beside a flow file says who does what, and what must then wait with whom, until when.

They are run by ``yiwang.flow.rehearsal`` in memory; ``yiwang flow walk`` prints them, ``yiwang check`` runs those of packs.
"""

from yiwang.packs.walks.files import Script, read_script, suffix, walk_files
from yiwang.packs.walks.report import FileReport, WalkReport, WalkResult
from yiwang.packs.walks.runner import run_script

__all__ = ["FileReport", "Script", "WalkReport", "WalkResult", "read_script", "run_script", "suffix", "walk_files"]
