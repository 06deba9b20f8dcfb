"""All SQL of the register of devices."""
