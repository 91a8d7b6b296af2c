export { type Draft, draftPreset, type Questions, type ValueQuestion } from "./draft.js";
export { FILL_IN, presetText } from "./preset-text.js";
