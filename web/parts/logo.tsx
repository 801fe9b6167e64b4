/** The mark: water that turns around a place where one can stay. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg class="logo" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="9" class="logo-ground" />
      <path
        class="logo-eddy"
        d="M5 18.500c4.500-3 8.500-3 12-.5s7.500 1.500 7.500-3.200c0-4-3.300-6.800-7.200-6.800-4 0-6.800 2.900-6.800 6.300 0 3.100 2.400 5.200 5.200 5.200 2.400 0 4.200-1.700 4.200-3.900"
      />
      <path class="logo-flow" d="M6 24c3.500-2 7-2 10.500 0s6.500 2 9.500 0" />
    </svg>
  );
}
