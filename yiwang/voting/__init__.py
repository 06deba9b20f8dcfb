"""Votes (表决): called at a step of a case, cast once for each house, shown when they end."""
