import { dictionary } from "../i18n/texts";

export const texts = dictionary({
  "add": ["拍照或选照片", "Take or choose photos"],
  "more": ["再加一张", "Add another"],
  "working": ["正在处理照片…", "Preparing the photo …"],
  "remove": ["去掉照片 {n}", "Remove photo {n}"],
  "photo": ["照片 {n}:{name}", "Photo {n}: {name}"],
  "heic": ["“{name}”是 HEIC 格式,这个浏览器读不了。请在相机设置里改为“兼容性最佳”(JPEG)后再拍,或把照片截屏后选截图。", "“{name}” is HEIC, which this browser cannot read. Set the camera to “Most compatible” (JPEG) and take it again, or choose a screenshot of it."],
  "unreadable": ["“{name}”不是可以读的照片(可用 JPEG、PNG、WebP)。请换一张,或截屏后选截图。", "“{name}” is not a photo that can be read (JPEG, PNG, WebP can). Choose another, or a screenshot of it."],
  "many": ["最多 {most} 张照片,多出的没有加入。", "At most {most} photos; the others were left out."],
  "told": ["把照片的拍摄时间和地点一起上报", "Send when and where the photos were taken"],
  "size": ["{kb} kB", "{kb} kB"],
});
