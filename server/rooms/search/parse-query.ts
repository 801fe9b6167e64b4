/** What someone looks for, as their query says it. */
export interface SearchQuery {
  /** Words, or several in the order given. */
  terms: { text: string; phrase: boolean; not: boolean }[];
  from: string | null;
  in: string | null;
  before: string | null;
  after: string | null;
  has: string[];
}

const PIECE = /(-?)(?:(from|in|before|after|has):)?(?:"([^"]*)"?|(\S+))/giu;

/** Reads `walk "green tea" -rain from:ada has:link`. Any text is a query; what is no operator is a word. */
export function parseQuery(q: string): SearchQuery {
  const query: SearchQuery = {
    terms: [],
    from: null,
    in: null,
    before: null,
    after: null,
    has: [],
  };
  for (const [, minus = "", name, phrase, word = ""] of q.matchAll(PIECE)) {
    const text = (phrase ?? word).trim();
    if (text === "") continue;
    switch (name?.toLowerCase() ?? "word") {
      case "from":
        query.from = text.replace(/^@/u, "");
        break;
      case "in":
        query.in = text.replace(/^#/u, "");
        break;
      case "before":
        query.before = text;
        break;
      case "after":
        query.after = text;
        break;
      case "has":
        query.has.push(text.toLowerCase());
        break;
      default:
        query.terms.push({ text, phrase: phrase !== undefined, not: minus === "-" });
    }
  }
  return query;
}
