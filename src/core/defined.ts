type Defined<Value> = { readonly [Key in keyof Value]: Exclude<Value[Key], undefined> };

/** The record without its undefined fields: spreading it overrides only what was given, and it has no keys to print. */
export function definedOf<Value extends object>(value: Value): Partial<Defined<Value>>;
export function definedOf(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
