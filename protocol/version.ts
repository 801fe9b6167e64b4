/**
 * Version of the wire protocol. A test hashes every schema of this folder and compares the hash
 * with the one below: whoever changes the wire has to come here and say what kind of change it is
 * (minor: additions that old clients may ignore; major: anything else).
 */
export const PROTOCOL_VERSION = "1.6";
/** SHA-256 over the JSON Schemas of commands, facts, pushes and errors, and the limits. */
export const SCHEMA_HASH = "fc6fccc52e7461e86bd6e3f85c51f1ef38156617a59e787771d55dfb8758736b";
