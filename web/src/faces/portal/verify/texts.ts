import { dictionary } from "../../../shared/i18n/texts";

export const texts = dictionary({
  "title": ["文书核验", "Check a document"],
  "lead": ["手里有本市机关出具的文书,可以在这里核验是不是真的、现在还有没有效。", "Check whether a document of an office of this city is genuine, and whether it still holds."],
  "by.number": ["按文号核验", "By number"],
  "by.file": ["按文件核验", "By file"],
  "number": ["文号", "Number"],
  "code": ["核验码", "Code"],
  "code.where": ["印在每页下方", "At the foot of each page"],
  "check": ["核验", "Check"],
  "checking": ["正在核验…", "Checking …"],
  "file": ["选择 PDF 文件", "Choose the PDF file"],
  "not.kept": ["只比对,不保存", "It is compared, not kept"],
  "plain": ["不用脚本的核验网页", "The same as a plain page without scripts"],
  "office": ["出具机关", "Issued by"],
  "issued": ["出具时间", "Issued"],
  "signed": ["签名时间", "Signed"],
  "ended": ["失效时间", "Ended"],
  "replaced": ["现行文书", "Replaced by"],
  "copy": ["下载原件", "Download the original"],
  "technical": ["摘要、签名与公钥", "Digest, signature and public key"],
  "key": ["签名公钥", "Public key"],
});
