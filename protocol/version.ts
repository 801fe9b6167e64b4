/**
 * Version of the wire protocol. A test hashes every schema of this folder and compares the hash
 * with the one below: whoever changes the wire has to come here and say what kind of change it is
 * (minor: additions that old clients may ignore; major: anything else).
 */
export const PROTOCOL_VERSION = "1.3";
/** SHA-256 over the JSON Schemas of commands, facts, pushes and errors, and the limits. */
export const SCHEMA_HASH = "3af047c9651c721bec889699a3bb572b3bbd47b03830c0537d9741c92c2a8847";
