import { Dialog } from "../parts/dialog.tsx";

const groups: [string, string[]][] = [
  ["Yes and no", ["👍", "👎", "👌", "🙏", "👏", "🙌", "💪", "🤝", "✅", "❌"]],
  [
    "Faces",
    [
      "😀",
      "😂",
      "🙂",
      "😉",
      "😍",
      "🥳",
      "🤔",
      "😅",
      "😴",
      "😢",
      "😭",
      "😡",
      "🤯",
      "🫠",
      "😎",
      "🤗",
    ],
  ],
  ["Hearts", ["❤️", "🧡", "💛", "💚", "💙", "💜", "💔", "💯"]],
  [
    "Things",
    [
      "🎉",
      "🔥",
      "✨",
      "👀",
      "🚀",
      "💡",
      "☕",
      "🍵",
      "🍰",
      "🌊",
      "🌞",
      "🌧️",
      "🌱",
      "🐟",
      "🦆",
      "🎧",
    ],
  ],
];

/** A small choice of emoji; any other comes from the keyboard. */
export function EmojiPicker(props: { onPick: (emoji: string) => void; onClose: () => void }) {
  return (
    <Dialog title="Pick an emoji" kind="sheet" onClose={props.onClose}>
      {groups.map(([name, emojis]) => (
        <section key={name} class="emoji-group" aria-label={name}>
          {emojis.map((emoji) => (
            <button
              key={emoji}
              type="button"
              class="emoji"
              onClick={() => {
                props.onPick(emoji);
                props.onClose();
              }}
            >
              {emoji}
            </button>
          ))}
        </section>
      ))}
    </Dialog>
  );
}
