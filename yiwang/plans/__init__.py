"""Plans: work that comes by period, matters broken down into tasks of many offices, scoring sheets."""
