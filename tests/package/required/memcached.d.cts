import type * as module from "./memcached.js" with { "resolution-mode": "import" };

/** What the class has besides its own: what the module exports. */
interface Exported {
  readonly Memcached: typeof module.Memcached;
  readonly default: typeof module.Memcached;
}

declare const Memcached: typeof module.Memcached & Exported;
type Memcached = module.Memcached;

/** The names of the package's types, and those of the module's. */
declare namespace Memcached {
  export type options = module.Memcached.options;
  export type Location = module.Memcached.Location;
  export type EventNames = module.Memcached.EventNames;
  export type CommandData = module.Memcached.CommandData;
  export type IssueData = module.Memcached.IssueData;
  export type StatusData = module.Memcached.StatusData;
  export type VersionData = module.Memcached.VersionData;
  export type CacheDumpData = module.Memcached.CacheDumpData;
  export type Memcached = module.Memcached;
  export type Emitter<Detail> = module.Emitter<Detail>;
  export type MemcachedCallback<Result, This = module.MemcachedQuery> = module.MemcachedCallback<
    Result,
    This
  >;
  export type MemcachedCallbackOfMany<Result> = module.MemcachedCallbackOfMany<Result>;
  export type MemcachedEventName = module.MemcachedEventName;
  export type MemcachedQuery = module.MemcachedQuery;
  export type MemcachedValue = module.MemcachedValue;
  export type MemcachedItem = module.MemcachedItem;
  export type MemcachedStatus = module.MemcachedStatus;
  export type MemcachedVersion = module.MemcachedVersion;
  export type MemcachedIssue = module.MemcachedIssue;
  export type MemcachedOptions = module.MemcachedOptions;
  export type MemcachedServers = module.MemcachedServers;
}

export = Memcached;
