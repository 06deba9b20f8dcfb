"""Packs of a running city change: what is new, changed, given up, with the cases and records that it touches, told before it
is done.

Promises: surveying changes nothing; nothing is published by which records could no longer be read or running cases no longer
be finished; what runs keeps the version it was opened under.
"""
