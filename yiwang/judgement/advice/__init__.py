"""Dispatch learned from outcomes: who closed such cases here, who refused them, and what wrong dispatch costs."""
