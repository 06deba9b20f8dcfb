"""Alarm rules (报警规则): what is declared of them, and the judging of readings by them."""
