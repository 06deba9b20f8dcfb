"""Indicators (指标): the vocabulary of counts, the format of their declarations, and their publication."""
