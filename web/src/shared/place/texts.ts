import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "none": ["这台设备不能定位。请写地址,或在地图上点选。", "This device has no position. Give the address, or choose on the map."],
  "denied": ["没有得到使用位置的许可。请写地址或在地图上点选;要重新允许,点浏览器地址栏旁的图标,打开“位置信息”。", "The position may not be used. Give the address or choose on the map; to allow it, tap the icon beside the browser's address bar and switch “Location” on."],
  "insecure": ["此网址不是 https,浏览器不提供位置。请写地址,或在地图上点选。", "The browser gives no position to an address without https. Give the address, or choose on the map."],
  "late": ["很久没有取得位置。到开阔处再试,或写地址、在地图上点选。", "No position came for a long time. Try in the open, give the address, or choose on the map."],
  "unavailable": ["暂时取不到位置。请打开手机定位再试,或写地址、在地图上点选。", "No position just now. Switch the device's location on and try again, give the address, or choose on the map."],
});
