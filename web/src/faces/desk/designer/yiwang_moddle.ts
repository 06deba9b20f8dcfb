// Our settings in a BPMN file (namespace http://yiwang.dev/bpmn/1) as the modeler's reader and writer know them, so that it
// keeps every one of them and the panel can change some. Every value is text, as in the file.

const type = (name: string, attributes: readonly string[], more: readonly object[] = []) => ({
  name,
  superClass: ["Element"],
  properties: [...attributes.map((attribute) => ({ name: attribute, isAttr: true, type: "String" })), ...more],
});
const who = ["post", "role", "organisation", "area", "person", "step", "manager", "expression", "empty"];

export const yiwang = {
  name: "Yiwang",
  prefix: "yiwang",
  uri: "http://yiwang.dev/bpmn/1",
  xml: { tagAlias: "lowerCase" },
  types: [
    type("Process", ["status_done", "status_cancelled", "en"]),
    type("Step", ["stage", "status", "deadline", "clock", "warn", "en", "back", "form", "pauses"]),
    type("Who", who),
    type("Outcome", ["id", "zh", "en", "needs"]),
    type("Field", ["id", "zh", "en", "kind", "required", "options", "options_en", "min", "max", "on", "show_if", "require_if"]),
    type("Clock", ["start", "stop", "deadline", "warn", "again", "on"]),
    type("Overtime", ["after", "do", "every"], [{ name: "who", type: "Who" }]),
    type("Auto", ["same", "when", "outcome"]),
    type("Document", ["key", "on"]),
    type("Sign", ["rule", "need", "early"]),
    type("Multi", ["people", "items", "item"]),
    type("Set", ["variable", "value"]),
    type("Work", ["topic", "tries"]),
    type("Decision", ["key", "into"]),
    type("In", ["variable", "value"]),
    type("Out", ["variable", "value"]),
    type("Message", ["key"]),
    type("Deadline", [], [{ name: "text", isBody: true, type: "String" }]),
  ],
};
