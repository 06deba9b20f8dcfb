"""Insight 成效: how well the city did, and what is to be expected. Reads cases; changes none."""
