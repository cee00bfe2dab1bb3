import { spymemcachedTranscoder } from "../../../src/transcoding/formats/java/mod.ts";
import { assertExchange, isMissing, type NativeProgram } from "./native_programs.ts";

const JAR = "/usr/share/java/spymemcached.jar";

/** Prints what Java reads with the classes, and writes what names stand for. It runs from its source. */
const PROGRAM = `
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.util.*;
import java.util.regex.*;
import net.spy.memcached.*;
import net.spy.memcached.transcoders.*;

public class Exchange {
  static String show(Object value) {
    if (value instanceof byte[]) return "byte[]" + Arrays.toString((byte[]) value);
    if (value instanceof Date) return "Date " + ((Date) value).getTime();
    if (value instanceof String) return "'" + value + "'";
    if (value instanceof Collection) {
      StringJoiner items = new StringJoiner(", ", value.getClass().getSimpleName() + "[", "]");
      for (Object item : (Collection<?>) value) items.add(show(item));
      return items.toString();
    }
    if (value instanceof Map) {
      StringJoiner items = new StringJoiner(", ", value.getClass().getSimpleName() + "{", "}");
      ((Map<?, ?>) value).forEach((key, item) -> items.add(show(key) + "=" + show(item)));
      return items.toString();
    }
    return value == null ? "null" : value.getClass().getSimpleName() + " " + value;
  }
  static Object make(String name) {
    switch (name) {
      case "text": return "text";
      case "long text": return "moecache ".repeat(5000);
      case "json": return "[" + "1,".repeat(20000) + "1]";
      case "int": return -5;
      case "long": return 5L;
      case "double": return 0.1;
      case "float": return 1.5f;
      case "bytes": return new byte[] { 0, -1 };
      case "date": return new Date(-1);
      case "lists": return new ArrayList<Object>(Arrays.asList(
        new LinkedList<Object>(List.of(1)), Arrays.asList(1, "a"), List.of(1), List.of(1, 2, 3), new int[] { 1, 2 },
        new String[] { "a", null }, new char[] { 'a', 'b' }, new long[] { 1L << 60 }, new byte[] { 1 }));
      case "maps": return new ArrayList<Object>(Arrays.asList(
        new HashMap<>(Map.of("a", 1)), new LinkedHashMap<>(Map.of(1, "a")), Map.of("b", 2), new HashMap<>()));
      case "sets": return new ArrayList<Object>(Arrays.asList(
        new HashSet<>(Set.of(1)), new LinkedHashSet<>(List.of("a", "b")), Set.of("c")));
      case "boxes": return new ArrayList<Object>(Arrays.asList(
        true, (byte) 1, (short) 2, 3, 4L, 1.5f, 0.1, 'x', null, BigInteger.ONE.shiftLeft(80).negate(), new Date(5)));
      case "same": { List<Object> one = new ArrayList<>(List.of(1)); return new ArrayList<Object>(List.of(one, one)); }
      case "strings": return new ArrayList<Object>(List.of("\\0\\u00e9\\u20ac\\ud83d\\ude00", "x".repeat(70000)));
    }
    throw new IllegalArgumentException(name);
  }
  public static void main(String[] args) throws Exception {
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    java.util.logging.LogManager.getLogManager().reset();
    String order = new String(System.in.readAllBytes(), "UTF-8");
    Matcher port = Pattern.compile("\\"port\\":(\\\\d+)").matcher(order);
    port.find();
    Transcoder<Object> transcoder = order.contains("\\"whalinV1\\"") ? new WhalinV1Transcoder()
      : order.contains("\\"whalin\\"") ? new WhalinTranscoder() : new SerializingTranscoder();
    MemcachedClient client = new MemcachedClient(new InetSocketAddress("127.0.0.1", Integer.parseInt(port.group(1))));
    StringJoiner texts = new StringJoiner(",", "[", "]");
    Matcher reads = Pattern.compile("\\"(read:\\\\d+)\\"").matcher(order);
    while (reads.find()) {
      StringBuilder text = new StringBuilder();
      for (char unit : show(client.get(reads.group(1), transcoder)).toCharArray()) {
        text.append(unit < ' ' || unit > '~' || unit == '"' || unit == '\\\\' ? String.format("\\\\u%04x", (int) unit) : "" + unit);
      }
      texts.add("\\"" + text + "\\"");
    }
    Matcher writes = Pattern.compile("\\\\[\\"(write:\\\\d+)\\",\\"([^\\"]*)\\"\\\\]").matcher(order);
    while (writes.find()) client.set(writes.group(1), 0, make(writes.group(2)), transcoder).get();
    System.out.println(texts);
    client.shutdown();
    System.exit(0);
  }
}
`;

const WRITTEN: [unknown, string][] = [
  [true, "Boolean true"],
  [false, "Boolean false"],
  [0, "Integer 0"],
  [-5, "Integer -5"],
  [2 ** 31, "Long 2147483648"],
  [-(2n ** 63n), "Long -9223372036854775808"],
  [2n ** 80n, "BigInteger 1208925819614629174706176"],
  [0.1, "Double 0.1"],
  [-0, "Double -0.0"],
  [NaN, "Double NaN"],
  ["é€😀", "'é€😀'"],
  ["moecache ".repeat(5000), `'${"moecache ".repeat(5000)}'`],
  [Uint8Array.of(0, 255), "byte[][0, -1]"],
  [new Date(-1), "Date -1"],
  [
    [1, 1, 1000, 1000, null, true, true, 0.5, "\0é😀", -(2n ** 70n)],
    [
      "ArrayList[Integer 1, Integer 1, Integer 1000, Integer 1000, null, Boolean true, Boolean true, Double 0.5, ",
      "'\0é😀', BigInteger -1180591620717411303424]",
    ].join(""),
  ],
  [{ b: 1, a: { c: [] } }, "LinkedHashMap{'b'=Integer 1, 'a'=LinkedHashMap{'c'=ArrayList[]}}"],
  [
    new Map<unknown, unknown>([[1, "a"], [null, 2]]),
    "LinkedHashMap{Integer 1='a', null=Integer 2}",
  ],
  [
    [new Set(["a", 1]), new Date(5), Uint8Array.of(1)],
    [
      "ArrayList[LinkedHashSet['a', Integer 1], Date 5, byte[][1]]",
    ].join(""),
  ],
  [["x".repeat(70_000)], `ArrayList['${"x".repeat(70_000)}']`],
];

const READ: [string, unknown][] = [
  ["text", "text"],
  ["long text", "moecache ".repeat(5000)],
  ["json", `[${"1,".repeat(20_000)}1]`],
  ["int", -5],
  ["long", 5],
  ["double", 0.1],
  ["float", 1.5],
  ["bytes", Uint8Array.of(0, 255)],
  ["date", new Date(-1)],
  ["lists", [
    [1],
    [1, "a"],
    [1],
    [1, 2, 3],
    [1, 2],
    ["a", null],
    "ab",
    [2n ** 60n],
    Uint8Array.of(1),
  ]],
  ["maps", [{ a: 1 }, new Map([[1, "a"]]), { b: 2 }, {}]],
  ["sets", [new Set([1]), new Set(["a", "b"]), new Set(["c"])]],
  ["boxes", [true, 1, 2, 3, 4, 1.5, 0.1, "x", null, -(2n ** 80n), new Date(5)]],
  ["same", [[1], [1]]],
  ["strings", ["\0é€😀", "x".repeat(70_000)]],
];

const JAVA: NativeProgram = {
  command: "sh",
  args: [
    "-c",
    'folder=$(mktemp -d) && printf %s "$1" > "$folder/Exchange.java" && ' +
    'java -Xshare:auto -cp "$2" "$folder/Exchange.java"; status=$?; rm -r "$folder"; exit $status',
    "sh",
    PROGRAM,
    JAR,
  ],
  probe: ["-c", `test -f ${JAR} && command -v javac && command -v java`],
};

const ignore = isMissing("spymemcached and a JDK", JAVA);

for (const kind of ["serializing", "whalin", "whalinV1"] as const) {
  Deno.test({
    name: `spymemcached's ${kind} transcoder reads what is written, and is read`,
    ignore,
    async fn() {
      const transcoder = spymemcachedTranscoder({ kind });
      await assertExchange(JAVA, { transcoder, options: { kind }, written: WRITTEN, read: READ });
    },
  });
}
