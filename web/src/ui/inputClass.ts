// The look of everything that can be typed into.
export const inputClass =
  "w-full rounded-md border border-edge bg-surface px-3 py-1.5 text-base text-ink min-h-9 pointer-coarse:min-h-11 max-sm:text-[16px] " +
  "data-[invalid]:border-danger aria-invalid:border-danger disabled:opacity-70";
