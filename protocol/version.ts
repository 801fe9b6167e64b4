/**
 * Version of the wire protocol. A test hashes every schema of this folder and compares the hash
 * with the one below: whoever changes the wire has to come here and say what kind of change it is
 * (minor: additions that old clients may ignore; major: anything else).
 */
export const PROTOCOL_VERSION = "1.15";
/** SHA-256 over the JSON Schemas of commands, facts, pushes and errors, and the limits. */
export const SCHEMA_HASH = "d83823739088c9ddb4c8987fe4af47f5848cf0b3f1b3ece9cdb0d6833f467776";
