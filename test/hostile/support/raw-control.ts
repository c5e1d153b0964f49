/** What must never reach a terminal: control characters but the newline, characters without width, and those that turn the direction. */
// oxlint-disable-next-line no-control-regex
export const RAW_CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/u;
