"""Vehicles: positions, tracks, trips, fences, drivers. See README.md."""
