"""Alarms (报警): raised by rules, acknowledged and put aside by people, cleared by values, folded where many are of one cause."""
