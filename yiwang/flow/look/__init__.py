"""Look (看): drawings of definitions and instances, heat maps, bottlenecks, event logs.

``drawing`` reads a file's diagram or lays it out (``layout/``), ``svg`` draws it, ``paths`` finds out from rows what an
instance has walked, ``heat`` and ``eventlog`` say how the work goes. Everything depends on element ids, rows and the file
alone, not on how the engine compiles a definition. ``service`` is what routes and pages call.
"""
