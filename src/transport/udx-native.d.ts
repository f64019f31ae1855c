/** udx-native brings no types; `udx.ts` says what is used of it. */
declare module 'udx-native' {
  const UDX: unknown
  export default UDX
}
