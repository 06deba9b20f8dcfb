drop table reading_archive, rollup, arrival_mark, arrival, latest, reading, device_version, gateway_state, device_note, device_command, knock, device_state, device, device_profile, metric;
