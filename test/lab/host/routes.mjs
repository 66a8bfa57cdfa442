/** Pattern of each route constraint that the stand-in checks; others let everything pass. */
const constraints = {
  int: '-?\\d+',
  long: '-?\\d+',
  bool: 'true|false',
  alpha: '[a-z]+',
  guid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  decimal: '-?\\d+(?:\\.\\d+)?',
  double: '-?\\d+(?:\\.\\d+)?',
};

const parameter = /^\{(\*{0,2})([^:?=}]+)(?::([^?=}]+))?(?:=([^}?]*))?(\?)?\}$/;

/** Route of an HTTP function: `match` gives its parameters for a path, or undefined. */
export function routeOf(template) {
  const segments = template.split('/').filter(Boolean).map(segmentOf);
  const pattern = new RegExp(`^${segments.map(segment => segment.pattern).join('')}/?$`, 'i');
  const names = segments.flatMap(segment => segment.name ?? []);
  return {
    rank: segments.map(segment => segment.rank).join(''),
    match: path => {
      const found = pattern.exec(path);
      if (found === null) return undefined;
      return Object.fromEntries(
        names.map((name, index) => [name, found[index + 1]]).filter(([, value]) => value !== undefined),
      );
    },
  };
}

function segmentOf(text) {
  const match = parameter.exec(text);
  if (match === null) return { rank: 0, pattern: `/${RegExp.escape(text)}` };
  const [, rest, name, constraint, fallback, optional] = match;
  if (rest) return { rank: 3, name, pattern: '(?:/(.*))?' };
  const value = constraint ? (constraints[constraint.split(/[:(]/)[0].toLowerCase()] ?? '[^/]+') : '[^/]+';
  const isOptional = optional || fallback !== undefined;
  return { rank: constraint ? 1 : 2, name, pattern: isOptional ? `(?:/(${value}))?` : `/(${value})` };
}

/** HTTP functions by route, the most literal first, as ASP.NET orders them. */
export function routeTable(functions, prefix) {
  const rows = functions.map(fn => {
    const { route, methods } = fn.trigger;
    const template = [prefix, route || fn.name].filter(Boolean).join('/');
    return { fn, template, route: routeOf(template), methods: methods?.map(method => method.toUpperCase()) };
  });
  return rows.sort((a, b) => (a.route.rank < b.route.rank ? -1 : 1));
}

/** Function and parameters for a request, or undefined. */
export function findRoute(table, method, path) {
  for (const { fn, route, methods } of table) {
    if (methods?.length && !methods.includes(method)) continue;
    const params = route.match(path);
    if (params) return { fn, params };
  }
  return undefined;
}
