import type * as module from "./memjs.js" with { "resolution-mode": "import" };

export type {
  ClientOptions,
  IncrementDecrementOptions,
  InsertOptions,
  Logger,
  MemjsAddress,
  MemjsCallback,
  MemjsCounter,
  MemjsGetCallback,
  MemjsHeaders,
  MemjsItem,
  MemjsUtils,
  MemjsValue,
  NodeBuffer,
  Response,
  Serializer,
  ServerOptions,
} from "./memjs.js" with { "resolution-mode": "import" };

export declare const Client: typeof module.Client;
export type Client<Given = module.MemjsValue, Read = module.NodeBuffer | null> = module.Client<
  Given,
  Read
>;
export declare const Server: typeof module.Server;
export type Server = module.Server;
export declare const Utils: typeof module.Utils;
export declare const Header: typeof module.Header;
export type Header = module.Header;

declare const memjs: typeof module.default;
declare namespace memjs {
  export type Client<Given = module.MemjsValue, Read = module.NodeBuffer | null> = module.Client<
    Given,
    Read
  >;
  export type ClientOptions<Given = module.MemjsValue, Read = module.NodeBuffer | null> =
    module.ClientOptions<Given, Read>;
  export type ServerOptions = module.ServerOptions;
  export type Server = module.Server;
  export type Header = module.Header;
  export type Response = module.Response;
  export type Logger = module.Logger;
  export type Serializer<Given, Read> = module.Serializer<Given, Read>;
  export type InsertOptions = module.InsertOptions;
  export type IncrementDecrementOptions = module.IncrementDecrementOptions;
}
export default memjs;
