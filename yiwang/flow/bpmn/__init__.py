"""Read a BPMN 2.0 file into a checked graph; every fault is returned with element id, line and words.

The file stays as it was written: nothing is dropped from it, and extension elements of other makers are not read.
"""

from yiwang.flow.bpmn.elements import most_characters, most_elements
from yiwang.flow.bpmn.findings import Finding
from yiwang.flow.bpmn.reading import Reading, read_bpmn

__all__ = ["Finding", "Reading", "most_characters", "most_elements", "read_bpmn"]
