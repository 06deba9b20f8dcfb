"""Extraction (要素提取): places, times, telephones and plates that a text names, each with the span that says so."""
