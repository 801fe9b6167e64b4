import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/**
 * Puts the focus on a field as soon as it is there. Not on touch screens, where a keyboard would
 * jump up over what one came to read.
 */
export function useFocus(field: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
}
