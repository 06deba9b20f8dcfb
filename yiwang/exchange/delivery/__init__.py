"""Delivery of what was granted: as a signed interface, as files with a manifest, as a database view."""
