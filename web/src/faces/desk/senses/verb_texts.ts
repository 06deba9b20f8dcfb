import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "verb.device.registered": ["登记", "registered"],
  "verb.device.adopted": ["收养", "adopted"],
  "verb.device.edited": ["修改", "changed"],
  "verb.device.retired": ["停用", "retired"],
  "verb.device.noted": ["记维护", "note written"],
  "verb.device.secret_set": ["更换密码", "secret changed"],
  "verb.device.went_online": ["上线", "went online"],
  "verb.device.went_offline": ["离线", "went offline"],
  "verb.device.commanded": ["下发指令", "commanded"],
  "verb.device.command_confirmed": ["已执行指令", "confirmed a command"],
  "verb.device.command_refused": ["拒绝指令", "refused a command"],
  "verb.device.command_expired": ["指令过期", "command expired"],
  "verb.vehicle.track_read": ["查看轨迹", "track read"],
  "other": ["其他变动", "another change"],
});
