/** A rate that both ways can keep on two cores. */
export const PACED_PER_SECOND = 800;
/** At the producer, when it is to be as fast as it can. */
export const IN_FLIGHT = 100;
