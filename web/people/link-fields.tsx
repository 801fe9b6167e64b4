import type { ProfileLink } from "../../client/index.ts";
import { MAX_PROFILE_LINKS, MAX_TITLE_CODE_POINTS } from "../../client/index.ts";
import { Icon } from "../parts/icon.tsx";

/** The links of a profile, to be changed. */
export function LinkFields(props: {
  links: readonly ProfileLink[];
  onChange: (links: ProfileLink[]) => void;
}) {
  const { links, onChange } = props;
  const change = (index: number, part: Partial<ProfileLink>) =>
    onChange(links.map((link, i) => (i === index ? { ...link, ...part } : link)));
  return (
    <fieldset class="link-fields">
      <legend>
        Links <small>optional</small>
      </legend>
      {links.map(({ title, url }, index) => (
        <div key={index} class="link-row field">
          <input
            aria-label={`Title of link ${index + 1}`}
            placeholder="Title"
            maxLength={MAX_TITLE_CODE_POINTS}
            value={title}
            onInput={(event) => change(index, { title: event.currentTarget.value })}
          />
          <input
            aria-label={`Address of link ${index + 1}`}
            placeholder="https://"
            inputMode="url"
            value={url}
            onInput={(event) => change(index, { url: event.currentTarget.value })}
          />
          <button
            type="button"
            class="round quiet"
            aria-label={`Take link ${index + 1} away`}
            onClick={() => onChange(links.filter((_, i) => i !== index))}
          >
            <Icon name="close" size={18} />
          </button>
        </div>
      ))}
      {links.length < MAX_PROFILE_LINKS && (
        <button
          type="button"
          class="quiet small"
          onClick={() => onChange([...links, { title: "", url: "" }])}
        >
          Add a link
        </button>
      )}
    </fieldset>
  );
}

/** As they are kept: empty ones are none, and an address without a title is its own. */
export function toLinks(links: readonly ProfileLink[]): ProfileLink[] {
  return links
    .map(({ title, url }) => ({ title: title.trim(), url: withScheme(url.trim()) }))
    .filter(({ url }) => url !== "")
    .map(({ title, url }) => ({
      title: title === "" ? url.replace(/^https?:\/\//u, "") : title,
      url,
    }));
}

function withScheme(url: string): string {
  return url === "" || /^[a-z]+:/iu.test(url) ? url : `https://${url}`;
}
