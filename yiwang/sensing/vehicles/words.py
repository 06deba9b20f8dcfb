"""Names of the bits of JT/T 808 as they are kept with every position: alarms (报警标志) and status (状态)."""

from __future__ import annotations

from collections.abc import Mapping

ALARM_NAMES: Mapping[int, str] = {
    0: "emergency", 1: "overspeed", 2: "fatigue", 3: "danger", 4: "gnss_fault", 5: "antenna_open", 6: "antenna_short",
    7: "low_power", 8: "power_off", 9: "display_fault", 10: "speech_fault", 11: "camera_fault", 12: "card_reader_fault",
    13: "overspeed_warning", 14: "fatigue_warning", 15: "illegal_driving", 16: "tyre_pressure", 17: "right_turn_blind_area",
    18: "day_driving_overtime", 19: "parking_overtime", 20: "area_crossed", 21: "route_crossed", 22: "segment_time",
    23: "route_deviation", 24: "speed_sensor_fault", 25: "fuel_abnormal", 26: "stolen", 27: "illegal_ignition",
    28: "illegal_move", 29: "collision_warning", 30: "rollover_warning", 31: "illegal_door",
}  # fmt: skip
"""Names of the alarm bits (报警标志位)."""

STATUS_NAMES: Mapping[int, str] = {
    0: "ignition", 1: "fixed", 2: "south", 3: "west", 4: "out_of_service", 5: "encrypted", 6: "forward_collision_warning",
    7: "lane_departure", 10: "fuel_cut", 11: "circuit_cut", 12: "doors_locked", 13: "front_door_open", 14: "middle_door_open",
    15: "rear_door_open", 16: "driver_door_open", 17: "other_door_open", 18: "gps", 19: "beidou", 20: "glonass",
    21: "galileo", 22: "running",
}  # fmt: skip
"""Names of the status bits (状态位); bits 8 and 9 together say the load: 0 empty, 1 half, 3 full."""


def bits(value: int, names: Mapping[int, str]) -> list[str]:
    """The names of the bits that are set."""
    return [name for bit, name in names.items() if value >> bit & 1]
