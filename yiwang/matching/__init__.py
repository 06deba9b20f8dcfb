"""Matching (匹配): what is needed and what is offered are brought together by a declared rule. See README.md."""
