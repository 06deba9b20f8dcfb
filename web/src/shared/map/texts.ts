import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "map": ["地图", "Map"],
  "loading": ["地图载入中…", "Loading the map …"],
  "no.webgl": ["这台设备不能显示地图(缺少 WebGL)。位置可以用地址填写。", "This device cannot show maps (no WebGL). Give the place by its address."],
  "note": ["边界为示意", "Schematic boundaries"],
  "pick": ["在地图上点一下选位置;方向键移动、加减键缩放、回车选中心点", "Click the map to choose a place; arrows move, + and - zoom, Enter takes the centre"],
  "whole": ["全城", "Whole city"],
});
