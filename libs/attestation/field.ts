/** One field of evidence for people: its name in the specification, its value, and what it means. */
export type Field = { readonly name: string; readonly value: string; readonly words: string }
