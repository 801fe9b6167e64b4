/** What was given cannot be used; the message says why, and no stack is of any help. */
export class InputError extends Error {}
