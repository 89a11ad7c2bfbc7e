// Context lengths as people say them: 32768 is "32k", 200000 is "200k", 1000000 is "1M".
export function contextSize(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  const unit = tokens % 1_024 === 0 ? 1_024 : 1_000;
  const thousands = Math.round(tokens / unit);
  return thousands >= 1_000 ? `${Math.round((thousands / unit) * 10) / 10}M` : `${thousands}k`;
}
