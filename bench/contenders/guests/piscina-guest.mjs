export function echo(payload) {
  return payload;
}
