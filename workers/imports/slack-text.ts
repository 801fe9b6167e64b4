const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/**
 * Slack's markup as plain text: `<@U1>` is whom it names, `<#C1|general>` #general, `<url|label>` both
 * (docs: "Formatting text for app surfaces").
 */
export function slackText(text: string, nameOf: (user: string) => string): string {
  return text
    .replaceAll(
      /<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/gu,
      (_all, sign: string, to: string, label = "") => {
        if (sign === "@") return `@${nameOf(to)}`;
        if (sign === "#") return `#${label === "" ? to : label}`;
        if (sign === "!") return `@${label === "" ? to : label.replace(/^@/u, "")}`;
        const url = to.replace(/^mailto:/u, "");
        return label === "" || label === url ? url : `${label} (${url})`;
      },
    )
    .replaceAll(/&(?:amp|lt|gt);/gu, (entity) => ENTITIES[entity] ?? entity);
}
