import { holesOf } from "../visits.ts";
import type { Check } from "./check.ts";

/** C4: what a client was given from entering to leaving is the log of that time, without a gap. */
export const noGap: Check = holesOf;
