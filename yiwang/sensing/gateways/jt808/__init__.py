"""JT/T 808 (道路运输车辆卫星定位系统终端通讯协议) over TCP: codec of the editions 2011, 2013 and 2019, and the gateway."""

from yiwang.sensing.gateways.jt808.gateway import PORT, serve

__all__ = ["PORT", "serve"]
