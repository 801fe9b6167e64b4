/**
 * Version of the wire protocol. A test hashes every schema of this folder and compares the hash
 * with the one below: whoever changes the wire has to come here and say what kind of change it is
 * (minor: additions that old clients may ignore; major: anything else).
 */
export const PROTOCOL_VERSION = "1.13";
/** SHA-256 over the JSON Schemas of commands, facts, pushes and errors, and the limits. */
export const SCHEMA_HASH = "7cfac5758dae5f7264e8be240c49e2edf7c526cf7846dcf3a68b4bf29ae4e5ac";
