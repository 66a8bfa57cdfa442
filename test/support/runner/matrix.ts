import { isMap, listOf, mapOf, type Value, type ValueMap } from './values.ts';

/** Each combination of a matrix, after `exclude` and `include`; one empty combination without a matrix. */
export function combinations(matrix: Value | undefined): readonly ValueMap[] {
  if (!isMap(matrix)) return [{}];
  const { include, exclude, ...axes } = matrix;
  const crossed = Object.entries(axes).reduce<readonly ValueMap[]>(
    (done, [name, values]) => done.flatMap(one => listOf(values).map(value => ({ ...one, [name]: value }))),
    Object.keys(axes).length > 0 ? [{}] : [],
  );
  const excluded = listOf(exclude).map(mapOf);
  const kept = crossed.filter(one => !excluded.some(rule => agrees(one, rule)));
  return listOf(include)
    .map(mapOf)
    .reduce<readonly ValueMap[]>((all, extra) => included(all, extra, Object.keys(axes)), kept);
}

/** An `include` adds to each combination whose axes it does not change, else it is one of its own. */
function included(all: readonly ValueMap[], extra: ValueMap, axes: readonly string[]): readonly ValueMap[] {
  const fits = (one: ValueMap) =>
    axes.every(axis => !(axis in extra) || !(axis in one) || same(one[axis], extra[axis]));
  const isOwn = !all.some(one => axes.some(axis => axis in one) && fits(one));
  return isOwn ? [...all, extra] : all.map(one => (fits(one) ? { ...one, ...extra } : one));
}

function agrees(one: ValueMap, rule: ValueMap): boolean {
  return Object.entries(rule).every(([name, value]) => same(one[name], value));
}

function same(left: Value | undefined, right: Value | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
