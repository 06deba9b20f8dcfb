import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "senses": ["感知图层", "Layers of the senses"],
  "layer.alarms": ["报警", "Alarms"],
  "layer.devices": ["设备", "Devices"],
  "layer.vehicles": ["车辆", "Vehicles"],
  "metric": ["显示数值", "Value shown"],
  "metric.none": ["不显示", "none"],
  "alarm": ["{severity}报警:{name}", "{severity} alarm: {name}"],
  "count": ["未结报警 {n}", "{n} open alarms"],
});
