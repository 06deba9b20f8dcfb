"""Floor 0: what every engine stands on — settings, database, journal, clock, calendar, errors, jobs, text."""
