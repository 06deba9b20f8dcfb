"""Invented records of a demo city (houses, people, enterprises, components …), from a seed declared in its ``city.yaml``."""
