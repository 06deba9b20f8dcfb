"""Judgement 研判: what a report is, whose it is, whether it was heard before. Imports kernel, identity and geo only."""
