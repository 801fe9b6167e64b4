/**
 * Version of the wire protocol. A test hashes every schema of this folder and compares the hash
 * with the one below: whoever changes the wire has to come here and say what kind of change it is
 * (minor: additions that old clients may ignore; major: anything else).
 */
export const PROTOCOL_VERSION = "1.0";
/** SHA-256 over the JSON Schemas of commands, facts, pushes and errors, and the limits. */
export const SCHEMA_HASH = "8093b7bbc2412ca9a265a209fdd7733c0350b6e0cda115fc9a89d0b371c3d230";
