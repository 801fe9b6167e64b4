/** One of a few, side by side. */
export function Segments<V extends string>(props: {
  /** What is chosen here, for those who listen. */
  legend: string;
  name: string;
  options: readonly (readonly [V, string])[];
  value: V;
  onChoose: (value: V) => void;
}) {
  const { legend, name, options, value, onChoose } = props;
  return (
    <fieldset class="segments">
      <legend class="unseen">{legend}</legend>
      {options.map(([each, label]) => (
        <label key={each} class={value === each ? "is-chosen" : ""}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={value === each}
            onChange={() => onChoose(each)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
