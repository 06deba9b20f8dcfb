"""Readings over HTTP (HTTP 接入): batches with an API key, taken row by row, acknowledged after the commit."""
