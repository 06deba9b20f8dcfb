import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["今日任务", "Today's tasks"],
  "near": ["最近的在前", "Nearest first"],
  "urgent": ["最急的在前", "Most urgent first"],
  "position": ["要按距离排,请点这里取得位置", "To sort by distance, tap here for your position"],
  "asking": ["正在定位…", "Finding you …"],
  "none": ["现在没有任务", "No tasks now"],
  "none.more": ["新任务来了会自动出现。看到问题,点下面“上报”。", "New ones appear by themselves. If you see something wrong, tap “Report” below."],
  "old": ["没有网络,这是 {ago} 的任务。", "No network; these are the tasks of {ago}."],
  "waits": ["已办,等网络发送", "Done, waits for the network"],
  "refused": ["没有被接受,去“待发”看看", "Not accepted; see “To send”"],
  "count": ["{n} 件", "{n}"],
  "urged": ["催办 {n} 次", "urged {n} times"],
});
