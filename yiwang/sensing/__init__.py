"""The senses 感知: devices speak, readings last, limits raise alarms. See README.md."""
