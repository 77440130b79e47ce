import type { ResolvedSessionOptions } from '../../store/options/session-options.js';

/** How the application answers requests, as far as it matters to `exclude` and `forRoutes`. */
export interface Routing {
  /** The paths of all routes, global prefix and version included. */
  readonly paths: readonly string[];
  readonly globalPrefix: string;
  /** What precedes the number of a version in a path, as in `v1`; `undefined` where versions are in no path. */
  readonly versionPrefix: string | undefined;
  /** The versions of routes that name none. */
  readonly defaultVersions: readonly string[];
  /** Whether `forRoutes` of a path covers what lies below it: on Express. */
  readonly coversBelow: boolean;
  /** Whether middleware of the application is mounted at this path. */
  readonly isServedOtherwise: (path: string) => boolean;
}

/** A warning for each path of `exclude` and `forRoutes` that no route of the application matches, with the remedy. */
export function findUnmatchedRoutes(
  { exclude, forRoutes }: Pick<ResolvedSessionOptions, 'exclude' | 'forRoutes'>,
  routing: Routing,
): string[] {
  if (routing.paths.length === 0) return [];
  return [
    ...exclude.flatMap((route) => findUnmatched('exclude', pathIn(route), routing)),
    ...forRoutes.flatMap((route) => (typeof route === 'function' ? [] : findUnmatched('forRoutes', pathIn(route), routing))),
  ];
}

const pathIn = (route: string | { path: string }): string => (typeof route === 'string' ? route : route.path);

function findUnmatched(option: 'exclude' | 'forRoutes', given: string, routing: Routing): string[] {
  const { globalPrefix, versionPrefix, defaultVersions } = routing;
  const path = segmentsOf(given);
  const prefix = segmentsOf(globalPrefix);
  const routes = routing.paths.map((route) => withoutStart(segmentsOf(route), prefix));
  const coversBelow = option === 'forRoutes' && routing.coversBelow;
  const isMatched = (pattern: readonly string[]): boolean => routes.some((route) => meet(pattern, route, coversBelow));
  // Nest adds the default version to the paths of `forRoutes`, and to none of `exclude`.
  const versions = option === 'forRoutes' && versionPrefix !== undefined ? defaultVersions : [];
  if ([path, ...versions.map((version) => [versionPrefix + version, ...path])].some(isMatched)) return [];
  if (option === 'exclude' && routing.isServedOtherwise(`/${path.join('/')}`)) return [];
  const effect = option === 'exclude' ? 'excludes nothing' : 'gives no session to any route';
  return [`The path "${given}" in the session option \`${option}\` matches no route of the application, so it ${effect}. ${remedy()}`];

  function remedy(): string {
    const bare = withoutStart(path, prefix);
    if (bare.length < path.length && isMatched(bare)) return `Nest adds the global prefix by itself: write "${bare.join('/')}".`;
    const versioned = routes.find(
      (route) => versionPrefix !== undefined && isVersion(route[0], versionPrefix) && meet(bare, route.slice(1), coversBelow),
    );
    if (versioned) return `The route has a version in its path: write "${[versioned[0], ...bare].join('/')}".`;
    return 'Correct it, or remove it.';
  }
}

const isVersion = (segment: string | undefined, prefix: string): boolean => segment !== undefined && segment.startsWith(prefix);

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

function withoutStart(path: readonly string[], start: readonly string[]): readonly string[] {
  return start.length > 0 && start.every((segment, index) => segment === path[index]) ? path.slice(start.length) : path;
}

/** Whether a request may match two patterns. What is no plain text or parameter counts as a wildcard, so that no warning is wrong. */
function meet([own, ...ours]: readonly string[], [other, ...others]: readonly string[], coversBelow: boolean): boolean {
  if (isWildcard(own) || isWildcard(other)) return true;
  if (own === undefined) return other === undefined || coversBelow;
  if (other === undefined) return false;
  return (own.includes(':') || other.includes(':') || own.toLowerCase() === other.toLowerCase()) && meet(ours, others, coversBelow);
}

const isWildcard = (segment: string | undefined): boolean => segment !== undefined && /[*{}()?+]/.test(segment);
