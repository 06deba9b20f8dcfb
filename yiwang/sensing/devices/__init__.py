"""Devices (设备): what a pack declares of them, the register, whether they speak, and what they are told."""
