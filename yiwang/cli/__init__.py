"""Floor 6: the command line. Composes the engines; has no rules of its own. See README.md."""
