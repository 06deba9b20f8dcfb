// The example sheet that people can start from: a small city that passes the check with the urban management pack.

export function exampleSheet(division: string): string {
  const code = /^\d{6}$/.test(division) ? division : "120199";
  const rows = [
    ["代码", "名称", "英文名称", "类型", "上级", "区域代码", "职责", "岗位"],
    ["government", "区人民政府", "District government", "政府", "", code, "", ""],
    ["centre", "运行管理中心", "Operations centre", "中心", "government", "", "centre", "受理员、派遣员、值班长、督查员、领导"],
    ["all-departments", "各委办局", "The departments", "部门", "government", "", departments.join("、"), "部门联络员、处置员"],
    ["north-street", "北街街道", "North subdistrict", "街道", "government", `${code}001`, "street", "部门联络员、处置员、网格员"],
    ["south-street", "南街街道", "South subdistrict", "街道", "government", `${code}002`, "street", "部门联络员、处置员、网格员"],
  ];
  return `\uFEFF${rows.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")).join("\r\n")}\r\n`;
}

const departments = [
  "sanitation", "municipal", "drainage", "landscaping", "traffic", "transport", "enforcement", "power", "water", "water-affairs", "telecom", "heating",
  "gas", "market", "ecology", "construction", "housing", "emergency", "fire", "police", "health", "civil-affairs", "culture",
];
