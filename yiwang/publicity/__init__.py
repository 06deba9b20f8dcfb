"""Publicity: records made public with what is personal masked; rules that look for what should not be (anomalies)."""
