"""MQTT 3.1.1 and 5: a client of a real broker that acknowledges a message only after its readings are committed."""
