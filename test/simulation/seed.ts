/**
 * The seed of this run's simulations. It stands in their titles; put it here as a constant to see
 * the same run again.
 */
export const seed = Math.floor(Math.random() * 2 ** 31);
