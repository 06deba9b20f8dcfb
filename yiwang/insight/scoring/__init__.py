"""Scoring (考核评价): following the journal, counting, and reckoning scores from counts."""
