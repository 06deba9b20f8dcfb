drop table waybill, vehicle_media, driver_shift, fence_crossing, fence_version, fence_member, fence, trip, vehicle_state, position_arrival, position_latest, position;
