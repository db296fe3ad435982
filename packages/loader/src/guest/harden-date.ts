import { impure } from "./impure.ts";
import { packageLoads } from "./stacks.ts";

const NOW_HINT = 'Write the time out, or use created: "now" of buildImage';
const ZONE_HINT = 'Use the UTC form: Date.UTC, getUTC…, toISOString, or text that ends in "Z"';

const LOCAL_METHODS = [
  "getDate",
  "getDay",
  "getFullYear",
  "getHours",
  "getMinutes",
  "getMonth",
  "getSeconds",
  "getMilliseconds",
  "getYear",
  "getTimezoneOffset",
  "setDate",
  "setFullYear",
  "setHours",
  "setMinutes",
  "setMonth",
  "setSeconds",
  "setYear",
  "toDateString",
  "toLocaleDateString",
  "toLocaleString",
  "toLocaleTimeString",
  "toString",
  "toTimeString",
];

/**
 * Replaces `Date` by one that knows neither the time nor the time zone of this machine. For packages that are being
 * loaded the clock stands at its beginning.
 */
export function hardenDate(): void {
  const Original = Date;
  function PureDate(this: unknown, ...args: readonly unknown[]): Date {
    if (new.target === undefined) {
      if (packageLoads()) return "Thu Jan 01 1970 00:00:00 GMT+0000" as unknown as Date;
      throw impure("Date()", NOW_HINT);
    }
    if (args.length === 0) {
      if (packageLoads()) return Reflect.construct(Original, [0], new.target as unknown as typeof Original) as Date;
      throw impure("new Date()", NOW_HINT);
    }
    if (args.length > 1) throw impure("new Date(year, month, …)", ZONE_HINT);
    const [value] = args;
    const time = value instanceof Original ? value.getTime() : value;
    const argument = typeof time === "string" ? parse(time) : Number(time);
    return Reflect.construct(Original, [argument], new.target as unknown as typeof Original) as Date;
  }
  const parse = (text: unknown): number => {
    const string = String(text).trim();
    const zoned = /^\d{4}(-\d\d(-\d\d)?)?$|(Z|GMT|UTC)$|:\d\d(\.\d+)?\s?(GMT|UTC)?[+-]\d\d:?\d\d$/i.test(string);
    if (!zoned) throw impure(`the local time ${JSON.stringify(string)}`, ZONE_HINT);
    return Original.parse(string);
  };
  const now = () => {
    if (packageLoads()) return 0;
    throw impure("Date.now", NOW_HINT);
  };
  const property = (value: unknown) => ({ value, writable: true, enumerable: false, configurable: true });
  Object.defineProperties(PureDate, {
    name: { value: "Date", configurable: true },
    length: { value: 7, configurable: true },
    prototype: { value: Original.prototype, writable: false },
    UTC: property(Original.UTC),
    parse: property(parse),
    now: property(now),
  });
  for (const name of LOCAL_METHODS) {
    const value = () => {
      throw impure(`Date.prototype.${name}`, ZONE_HINT);
    };
    Object.defineProperty(Original.prototype, name, property(value));
  }
  Object.defineProperty(Original.prototype, "constructor", property(PureDate));
  Object.defineProperty(globalThis, "Date", property(PureDate));
}
