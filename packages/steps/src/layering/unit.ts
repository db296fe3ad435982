/** What is put into a layer as a whole: an entry of `contents`, a package. */
export interface Unit {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Places in the list of units. Circles and a unit that names itself are allowed. */
  readonly dependsOn: readonly number[];
}

/** The units that go into one layer, by place in the list of units, rising. */
export type Group = readonly number[];

/** For each unit: every other that it needs, directly or not. */
export function closures(units: readonly Unit[]): ReadonlySet<number>[] {
  return units.map((_, start) => {
    const found = new Set([start]);
    for (const at of found)
      for (const next of units[at]?.dependsOn ?? []) if (units[next] !== undefined) found.add(next);
    found.delete(start);
    return found;
  });
}
