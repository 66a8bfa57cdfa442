import type { Place } from '../../../errors.ts';
import { isFalsy, isNullish, joined, known, orElse, type StaticValue } from '../static-value.ts';

const arithmetic: Readonly<Record<string, (left: number, right: number) => number | boolean>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
};

/** What a binary operator gives for two values; unknown at `place`. */
export function binary(operator: string, left: StaticValue, right: StaticValue, place: Place): StaticValue {
  const [one, other] = [plainOf(left), plainOf(right)];
  if (one && other && /^[!=]==?$/.test(operator))
    return known(operator.startsWith('!') ? one.value !== other.value : one.value === other.value);
  const compute = Object.hasOwn(arithmetic, operator) ? arithmetic[operator] : undefined;
  if (compute && typeof one?.value === 'number' && typeof other?.value === 'number')
    return known(compute(one.value, other.value));
  return operator === '+' ? joined([left, right], place) : { kind: 'unknown', place };
}

/** The value itself where it is certain; nothing is `null`. */
function plainOf(value: StaticValue): { readonly value: string | number | boolean | null } | undefined {
  if (value.kind === 'absent') return { value: null };
  return value.kind === 'known' ? value : undefined;
}

/** What `&&`, `||` and `??` give. */
export function logical(operator: string, left: StaticValue, right: () => StaticValue, place: Place): StaticValue {
  if (operator !== '&&') return orElse(left, right(), place, operator === '??' ? isNullish : isFalsy);
  if (left.kind !== 'known' && left.kind !== 'absent') return { kind: 'unknown', place };
  return isFalsy(left) ? left : right();
}

/** What `-`, `+`, `!` and `void` give. */
export function unary(operator: string, value: StaticValue, place: Place): StaticValue {
  if (operator === 'void') return { kind: 'absent' };
  if (operator === '!' && (value.kind === 'known' || value.kind === 'absent')) return known(isFalsy(value));
  const isNumber = value.kind === 'known' && typeof value.value === 'number';
  if (isNumber && operator === '-') return known(-Number(value.value));
  return isNumber && operator === '+' ? value : { kind: 'unknown', place };
}
