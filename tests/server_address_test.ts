import { assert, assertEquals, assertThrows } from "@std/assert";
import { Client, type ServerAddress, ValidationException } from "../mod.ts";

/** What is no address, and has a secret where a user may have put one. */
const MISTAKEN: readonly unknown[] = [
  "user:sekret@cache:11211/",
  "memcached://user:sekret@cache:11211/path",
  "memcached://user:se]kret",
  "memcached://user:sekret",
  { hostname: "user:sekret@10.0.0.1" },
  { url: "memcached://u:sekret@h" },
  "memcached://user:se]kret/@cache:11211",
  "memcached://user:se]kret@cache:11211?tls=sekret",
  "memcached://user:sekret,more@cache:11211",
  "user:sekret,more@cache:11211",
  "user:se@sekret/@cache:11211",
  { path: "/run/memcached.sock", hostname: "u:sekret@h" },
  { hostname: "h", password: "sekret" },
  "memcached://h/sekret",
  "memcached://[fe80::1%25eth0]/sekret",
];

for (const address of MISTAKEN) {
  Deno.test(`Client shows no secret of ${JSON.stringify(address)}`, () => {
    const make = () => new Client(address as ServerAddress);
    const error = assertThrows(make, ValidationException);
    assert(!/se\]?kret/.test(Deno.inspect(error)), Deno.inspect(error));
  });
}

/** Addresses with something wrong, and the error for it, which is true of what it shows as well. */
const REFUSED: Readonly<Record<string, string>> = {
  "user:pass@host:11211": '"host:11211": credentials go percent-encoded into a memcached:// URL',
  "us@er:pa/ss@host:11211": '"host:11211": credentials go percent-encoded into a memcached:// URL',
  "user:pa,ss@host:11211": '"host:11211": credentials go percent-encoded into a memcached:// URL',
  "memcached://user:pa,ss@host:11211": 'host:11211": credentials go percent-encoded',
  "memcached://user:pa/ss@host:11211": "percent-encoded",
  "memcached://user:pa?ss@host:11211": "percent-encoded",
  "memcached://user:pass@host:99999": "it is not a valid URL, or its user name",
  "memcached://user:pass@ho st": "it is not a valid URL, or its user name",
  "memcached://host:11211?timeout=5": "it must end after the port",
  "memcached://u:p@host:11211/0": "it must end after the port",
  "host:11211?timeout=5": '"host:11211?timeout=5": it is not "host" or "host:port"',
  ",": "must be a host name or an IP address",
  "/run/memcached.sock": "; a unix socket is { path }",
  "./memcached.sock": "; a unix socket is { path }",
  "unix:/run/memcached.sock": "; a unix socket is { path }",
  "11211": '"11211": its host name must be a host name or an IP address',
  "host,11211": '"11211": its host name must be a host name or an IP address',
  " \r\n": "must be a host name or an IP address",
};

for (const [address, why] of Object.entries(REFUSED)) {
  Deno.test(`Client says why it refuses ${JSON.stringify(address)}`, () => {
    const { message } = assertThrows(() => new Client(address), ValidationException);
    assert(message.includes(why), message);
  });
}

/** Addresses in one string, and the names of their servers. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  "a:1,b:2": ["a:1", "b:2"],
  " a:1 ,\r\n b ,,": ["a:1", "b:11211"],
  "\na:1\r\n": ["a:1"],
  "memcached://u:p%2Fq%40r%2Cs@a:1,memcached://u:p@b": ["a:1", "b:11211"],
  "fe80::1%eth0": ["[fe80::1%eth0]:11211"],
  "memcached://[fe80::1%25eth0]:5": ["[fe80::1%eth0]:5"],
  "memcacheds://u:p%25w@[FE80::1%en-0.1],memcacheds://u:p@[fe80::1%254]": [
    "[fe80::1%en-0.1]:11211",
    "[fe80::1%4]:11211",
  ],
  "[fe80::1%eth0]:5,[::1]": ["[fe80::1%eth0]:5", "[::1]:11211"],
};

for (const [address, names] of Object.entries(TAKEN)) {
  Deno.test(`Client takes ${JSON.stringify(address)}`, async () => {
    for (const servers of [address, [address]]) {
      await using client = new Client(servers);
      assertEquals(client.servers.map(({ name }) => name), names);
    }
  });
}

Deno.test("an address after a URL in one string must be a URL too, which says whether it has TLS", () => {
  for (const servers of ["memcacheds://a:1,b:2", "memcached://u:p@a:1, b:2"]) {
    const error = assertThrows(() => new Client(servers), ValidationException, "must be a URL too");
    assertEquals(error.item, "b:2");
  }
  const client = new Client("memcached://a:1,memcached://b:2");
  assertEquals(client.servers.map(({ name }) => name), ["a:1", "b:2"]);
});

Deno.test("Client refuses a pair whose port is text, as environment variables have it", () => {
  const pair = ["127.0.0.1", "11211"];
  assertThrows(() => new Client(pair), ValidationException, '"11211": its host name must be');
});
