import { spring, type SpringOptions } from "../../src/stacks/mod.ts";
import { isMissing, type NativeProgram } from "../transcoding/formats/native_programs.ts";
import { assertNeighbours } from "./neighbour.ts";

const JAR = "/usr/share/java/spymemcached.jar";

/** Makes its client as MemcachedClientFactoryBean does, with the properties that the arguments are. */
const PROGRAM = `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import net.spy.memcached.*;

public class Neighbour {
  public static void main(String[] args) throws Exception {
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    java.util.logging.LogManager.getLogManager().reset();
    String[] lines = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\\n");
    ConnectionFactoryBuilder builder = new ConnectionFactoryBuilder();
    if (args.length > 0) builder.setLocatorType(ConnectionFactoryBuilder.Locator.valueOf(args[0]));
    if (args.length > 1) builder.setHashAlg(DefaultHashAlgorithm.valueOf(args[1]));
    MemcachedClient client = new MemcachedClient(builder.build(), AddrUtil.getAddresses(lines[0].replace('\\t', ' ')));
    // A key of a server that is not connected yet would be looked for on another.
    while (client.getUnavailableServers().size() > 0) Thread.sleep(1);
    StringJoiner numbers = new StringJoiner(",", "[", "]");
    for (String key : lines[1].split("\\t")) {
      Map<?, ?> value = (Map<?, ?>) client.get(key);
      numbers.add(value == null ? "null" : value.get("n").toString());
    }
    int n = 0;
    for (String key : lines[2].split("\\t")) {
      client.set(key, 0, new HashMap<>(Map.of("n", n++))).get();
    }
    System.out.println(numbers);
    client.shutdown();
    System.exit(0);
  }
}
`;

/** The shell's arguments: the source, and what the program is given. */
const SHELL = 'folder=$(mktemp -d) && printf %s "$1" > "$folder/Neighbour.java" && shift && ' +
  `java -XX:TieredStopAtLevel=1 -cp ${JAR} "$folder/Neighbour.java" "$@"; status=$?; rm -r "$folder"; exit $status`;

function program(...properties: string[]): NativeProgram {
  return {
    command: "sh",
    args: ["-c", SHELL, "sh", PROGRAM, ...properties],
    probe: ["-c", `test -f ${JAR} && command -v javac && command -v java`],
  };
}

const CASES: readonly (readonly [SpringOptions, string[], (i: number) => string])[] = [
  [{}, [], (i) => `café:日本:${i}`],
  [{ distribution: "consistent" }, ["CONSISTENT"], (i) => `user:${i}`],
  [{ distribution: "consistent", hash: "ketama" }, ["CONSISTENT", "KETAMA_HASH"], (i) => `é:${i}`],
];

const ignore = isMissing("spymemcached and a JDK", program());

for (const [options, properties, keyOf] of CASES) {
  Deno.test({
    name: `spring(${JSON.stringify(options)}) shares keys, values and servers with spymemcached`,
    ignore,
    fn: () => assertNeighbours(program(...properties), spring(options), keyOf),
  });
}
