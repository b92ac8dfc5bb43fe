/** Calls that are kept going at once where throughput is measured. */
export const IN_FLIGHT = 64;
