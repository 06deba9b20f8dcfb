"""Laying out a process that no modeler has drawn: from left to right, in layers, with lines at right angles.

Own code and not a library: BPMN needs what general layout does not give together (the start leftmost whatever the returns
are, boundary events on an edge with lines of their own, lanes as bands, processes within processes), the kept libraries for
it are under the GPL or bring a binary, and what is needed fits into these few files. The steps are Sugiyama's: break the
cycles, give each node a rank, order the ranks so that few lines cross, choose heights so that lines run straight, route.
"""

from yiwang.flow.look.layout.arrange import arrange

__all__ = ["arrange"]
