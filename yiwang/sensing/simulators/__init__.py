"""Simulated devices: each module speaks one real protocol over real sockets, as the installed device would.

They are for demo cities, for installers who want to see a gateway answer, and for the tests. Their values follow the curves of a
day (:mod:`yiwang.sensing.simulators.curves`), so that pictures and rules have something plausible to look at.
"""
