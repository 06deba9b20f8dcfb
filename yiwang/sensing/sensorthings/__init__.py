"""OGC SensorThings 1.1 over the devices and readings of the city: the read side, and creating Observations."""
