/** Water that turns: rings that drift apart. */
export function Swirl() {
  return (
    <svg class="swirl" viewBox="0 0 400 400" aria-hidden="true">
      {[180, 150, 121, 93, 66, 40].map((radius, index) => (
        <circle
          key={radius}
          class={index % 3 === 1 ? "swirl-ring is-warm" : "swirl-ring"}
          style={{ "--turn": `${index * 47}deg`, "--pace": `${26 + index * 7}s` }}
          cx="200"
          cy="200"
          r={radius}
          pathLength="100"
        />
      ))}
      <circle class="swirl-heart" cx="200" cy="200" r="13" />
    </svg>
  );
}
