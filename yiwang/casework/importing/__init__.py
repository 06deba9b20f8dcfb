"""Importing a real history of cases from a file: dry run, row-level report, progress, resume. Speed: COPY in batches."""

from yiwang.casework.importing.mapping import ImportMapping, read_mapping
from yiwang.casework.importing.runner import ImportResult, import_cases

__all__ = ["ImportMapping", "ImportResult", "import_cases", "read_mapping"]
