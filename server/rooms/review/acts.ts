import { askToJoin, showDoor } from "./ask-to-join.ts";
import { claimCase, releaseCase } from "./claim-case.ts";
import { showNotices } from "./notices.ts";
import { getCase, showAllCases, showCases } from "./queue.ts";
import { reportMessage } from "./report-message.ts";
import { resolveCase } from "./resolve-case.ts";

/** What commands about reports and their review do. */
export const reviewActs = {
  "report:create": reportMessage,
  "report:list": showCases,
  "report:queue": showAllCases,
  "report:get": getCase,
  "report:claim": claimCase,
  "report:release": releaseCase,
  "report:resolve": resolveCase,
  "join:door": showDoor,
  "join:ask": askToJoin,
  "notice:list": showNotices,
};
