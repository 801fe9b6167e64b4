/** Someone's face: a picture, or their initials on a colour that is always theirs. */
export function Avatar(props: {
  id: string;
  name: string;
  picture?: string | undefined;
  size?: number;
  present?: boolean;
}) {
  const { id, name, picture, size = 36, present = false } = props;
  const hasPicture = picture?.startsWith("https://") === true;
  return (
    <span
      class={present ? "avatar is-present" : "avatar"}
      style={{
        "--hue": String(hueOf(id)),
        width: `${size}px`,
        height: `${size}px`,
        fontSize: `${Math.round(size * 0.38)}px`,
      }}
      aria-hidden="true"
      // Drawn by the style sheet: beside the name they would be read as a part of it.
      data-initials={hasPicture ? undefined : initials(name)}
    >
      {hasPicture && <img src={picture} alt="" width={size} height={size} />}
    </span>
  );
}

/** A colour for an id, in degrees of the wheel; the same everywhere and always. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3_600;
  // Steps that are easy to tell apart.
  return (hash % 24) * 15;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked
    .map((word) => firstLetter(word ?? ""))
    .join("")
    .toLocaleUpperCase();
}

/** As people see letters: an emoji of several code points is one. */
function firstLetter(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return "";
}

const segmenter = new Intl.Segmenter();
